using System.Globalization;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Finding;

/// <summary>Reads the filters of a list from the query. An unknown one is refused: a filter that does nothing would show the wrong jobs.</summary>
internal static class JobQueries
{
    public const int MaxCursorLength = 4096;
    private const string TagPrefix = "tag.";

    public static readonly string[] ListFilters = ["state", "type", "queue", "parent", "after", "schedule", "scheduledAt", "submittedAfter", "order", "limit", "cursor"];
    public static readonly string[] EventFilters = ["state", "type", "queue", "parent", "lastEventId"];

    /// <exception cref="ProblemException">400, naming the parameter.</exception>
    public static JobQuery Read(HttpContext context, string[] allowed)
    {
        var query = new JobQuery();
        var tags = new List<JobTag>();
        foreach (var (name, values) in context.Request.Query)
        {
            if (values.Count > 1) throw Wrong(name, "It must be given once.");
            var value = values.ToString();
            if (name.StartsWith(TagPrefix, StringComparison.Ordinal)) tags.Add(ReadTag(name, value));
            else if (!allowed.Contains(name)) throw Wrong(name, "There is no such parameter.");
            else query = Read(query, name, value);
        }

        if (query is { Order: ListOrder.Due, State: not (null or JobState.Pending) }) throw Wrong("state", "By when they are due only jobs are listed that wait: PENDING.");
        if (tags.Count > JobLimits.MaxTags) throw Wrong(TagPrefix, $"At most {JobLimits.MaxTags} tags.");
        return Limit(query with { Tags = [.. tags] }, Caller.Of(context));
    }

    private static JobQuery Read(JobQuery query, string name, string value)
    {
        switch (name)
        {
            case "state" when JobStates.TryParse(value, out var state): return query with { State = state };
            case "state": throw Wrong(name, "It must be PENDING, PROGRESS, SUCCESS, FAILURE or REVOKED.");
            case "type": return query with { Type = Name(name, value) };
            case "queue": return query with { Queue = Name(name, value) };
            case "parent": return query with { Parent = JobIds.IsValid(value) ? value : throw Wrong(name, "It must be the id of a job.") };
            case "after": return query with { After = JobIds.IsValid(value) ? value : throw Wrong(name, "It must be the id of a job.") };
            case "schedule": return query with { Schedule = Name(name, value) };
            case "scheduledAt" when Instants.TryParse(value, out var instant): return query with { ScheduledAt = instant };
            case "scheduledAt": throw Wrong(name, "It must be an instant with an offset as RFC 3339 has it, such as 2030-01-31T12:00:00Z.");
            case "submittedAfter" when Instants.TryParse(value, out var after): return query with { SubmittedAfter = after };
            case "submittedAfter": throw Wrong(name, "It must be an instant with an offset as RFC 3339 has it, such as 2030-01-31T12:00:00Z.");
            case "order" when value is "newest" or "due": return query with { Order = value == "due" ? ListOrder.Due : ListOrder.Newest };
            case "order": throw Wrong(name, "It must be newest or due.");
            case "limit" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= JobLimits.MaxPage:
                return query with { Limit = limit };
            case "limit": throw Wrong(name, $"It must be 1 to {JobLimits.MaxPage}.");
            case "cursor" when value.Length is > 0 and <= MaxCursorLength: return query with { Cursor = value };
            case "cursor": throw Wrong(name, "It must be the cursor of a page.");
            default: return query;
        }
    }

    private static JobTag ReadTag(string parameter, string value)
    {
        var name = parameter[TagPrefix.Length..];
        if (!SubmissionRules.IsName(name)) throw Wrong(parameter, $"A tag's name is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -.");
        if (value.Length > JobLimits.MaxTagLength) throw Wrong(parameter, $"A tag's value is at most {JobLimits.MaxTagLength} characters.");
        return new(name, value);
    }

    private static string Name(string parameter, string value) => SubmissionRules.IsName(value)
        ? value
        : throw Wrong(parameter, $"It must be 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -.");

    // Lists are by queue, so a key that is good for several has to say which.
    private static JobQuery Limit(JobQuery query, Caller caller)
    {
        if (!caller.IsLimited) return query;
        if (query.Queue is null && caller.Queues.Count == 1) return query with { Queue = caller.Queues[0] };
        if (query.Queue is null) throw Wrong("queue", $"This key is good for {string.Join(", ", caller.Queues)}: name one of them.");
        return caller.MayUse(query.Queue) ? query : throw new ProblemException(new(ProblemTypes.Forbidden, $"This key is not good for the queue '{query.Queue}'."));
    }

    private static ProblemException Wrong(string parameter, string detail) =>
        new(Problem.OfQuery(parameter.Length > 64 ? parameter[..64] : parameter, detail));
}
