using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Histories;

/// <summary>Reads what history is asked for.</summary>
internal static class HistoryQueries
{
    /// <exception cref="ProblemException">400, naming the parameter.</exception>
    public static HistoryQuery Read(HttpContext context, DateTimeOffset now)
    {
        var query = new HistoryQuery();
        foreach (var (name, values) in context.Request.Query)
        {
            if (values.Count > 1) throw Wrong(name, "It must be given once.");
            query = Read(query, name, values.ToString());
        }

        query = Limit(query, Caller.Of(context));
        HistoryRange.Of(query, now, out var wrong);
        return wrong is { } mistake ? throw Wrong(mistake.Parameter, mistake.Detail) : query;
    }

    private static HistoryQuery Read(HistoryQuery query, string name, string value) => name switch
    {
        "from" => query with { From = Instant(name, value) },
        "to" => query with { To = Instant(name, value) },
        "step" => query with { Step = value switch { "minute" => HistoryStep.Minute, "hour" => HistoryStep.Hour, _ => throw Wrong(name, "It must be minute or hour.") } },
        "type" => query with { Type = Name(name, value) },
        "queue" => query with { Queue = Name(name, value) },
        _ => throw Wrong(name, "There is no such parameter."),
    };

    private static DateTimeOffset Instant(string parameter, string value) => Instants.TryParse(value, out var instant)
        ? instant
        : throw Wrong(parameter, "It must be an instant with an offset as RFC 3339 has it, such as 2030-01-31T12:00:00Z.");

    private static string Name(string parameter, string value) => SubmissionRules.IsName(value) || value == JobHistory.Other
        ? value
        : throw Wrong(parameter, $"It must be 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -, or {JobHistory.Other}.");

    private static HistoryQuery Limit(HistoryQuery query, Caller caller)
    {
        if (!caller.IsLimited) return query;
        if (query.Queue is null && caller.Queues.Count == 1) return query with { Queue = caller.Queues[0] };
        if (query.Queue is null) throw Wrong("queue", $"This key is good for {string.Join(", ", caller.Queues)}: name one of them.");
        return caller.MayUse(query.Queue) ? query : throw new ProblemException(new(ProblemTypes.Forbidden, $"This key is not good for the queue '{query.Queue}'."));
    }

    private static ProblemException Wrong(string parameter, string detail) => new(Problem.OfQuery(parameter.Length > 64 ? parameter[..64] : parameter, detail));
}
