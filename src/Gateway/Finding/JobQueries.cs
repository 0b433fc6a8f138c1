using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Finding;

/// <summary>Reads the filters of a list from the query. An unknown one is refused: a filter that does nothing would show the wrong jobs.</summary>
internal static class JobQueries
{
    public static readonly string[] EventFilters = ["state", "type", "queue", "parent", "lastEventId"];

    /// <exception cref="ProblemException">400, naming the parameter.</exception>
    public static JobQuery Read(HttpContext context, string[] allowed) =>
        Limit(Read(context.Request.Query.Select(parameter => (parameter.Key, parameter.Value.Count > 1 ? null : parameter.Value.ToString())), allowed, Wrong), Caller.Of(context), Wrong);

    /// <param name="parameters">A value that is null was given more than once.</param>
    /// <param name="wrong">Makes what is thrown, of the name of the parameter and what is wrong with it.</param>
    public static JobQuery Read(IEnumerable<(string Name, string? Value)> parameters, string[] allowed, Func<string, string, ProblemException> wrong)
    {
        var query = new JobQuery();
        foreach (var (name, given) in parameters)
        {
            var value = given ?? throw wrong(name, "It must be given once.");
            if (!name.StartsWith(JobFilter.TagPrefix, StringComparison.Ordinal) && !allowed.Contains(name)) throw wrong(name, "There is no such parameter.");
            try
            {
                query = JobFilter.Read(query, name, value);
            }
            catch (FormatException mistake)
            {
                throw wrong(name, mistake.Message);
            }
        }

        return JobFilter.Check(query) is (var where, var detail) ? throw wrong(where, detail) : query;
    }

    // Lists are by queue, so a key that is good for several has to say which.
    public static JobQuery Limit(JobQuery query, Caller caller, Func<string, string, ProblemException> wrong)
    {
        if (!caller.IsLimited) return query;
        if (query.Queue is null && caller.Queues.Count == 1) return query with { Queue = caller.Queues[0] };
        if (query.Queue is null) throw wrong("queue", $"This key is good for {string.Join(", ", caller.Queues)}: name one of them.");
        return caller.MayUse(query.Queue) ? query : throw new ProblemException(new(ProblemTypes.Forbidden, $"This key is not good for the queue '{query.Queue}'."));
    }

    public static ProblemException Wrong(string parameter, string detail) =>
        new(Problem.OfQuery(parameter.Length > 64 ? parameter[..64] : parameter, detail));
}
