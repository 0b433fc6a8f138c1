using System.Globalization;

namespace OrleansJobs;

/// <summary>The parameters of a list of jobs, by which jobs are also named that something is to be done to.</summary>
internal static class JobFilter
{
    public const int MaxCursorLength = 4096;
    public const string TagPrefix = "tag.";

    /// <summary>What keeps some jobs and leaves others out; beside it, tags.</summary>
    public static readonly string[] Names =
    [
        "state", "phase", "type", "queue", "key", "parent", "after", "schedule", "scheduledAt", "error", "args", "submittedAfter", "submittedBefore", "startedAfter", "startedBefore",
        "finishedAfter", "finishedBefore",
    ];

    /// <summary>Those, and what only a list has.</summary>
    public static readonly string[] OfLists = ["id", .. Names, "order", "limit", "cursor"];

    /// <exception cref="FormatException">In words what is wrong with the value.</exception>
    public static JobQuery Read(JobQuery query, string name, string value) =>
        name.StartsWith(TagPrefix, StringComparison.Ordinal) ? query with { Tags = [.. query.Tags, Tag(name[TagPrefix.Length..], value)] } : ReadPlain(query, name, value);

    /// <summary>What is wrong with what was given together; null where nothing is.</summary>
    public static (string Name, string Detail)? Check(JobQuery query) =>
        query is { Order: ListOrder.Due, State: not (null or JobState.Pending) } ? ("state", "By when they are due only jobs are listed that wait: PENDING.")
        : query is { Error: not null, State: not (null or JobState.Failure) } ? ("state", "Only jobs that failed have an error: FAILURE.")
        : query.Tags.Length > JobLimits.MaxTags ? (TagPrefix, $"At most {JobLimits.MaxTags} tags.")
        : null;

    /// <summary>The parameters of a filter, which read as it again; without what only a list has.</summary>
    public static Dictionary<string, string> Write(JobQuery query)
    {
        (string Name, string? Value)[] all =
        [
            ("state", query.State?.Name), ("phase", query.Phase?.Name), ("type", query.Type), ("queue", query.Queue), ("key", query.Key), ("parent", query.Parent), ("after", query.After),
            ("schedule", query.Schedule), ("scheduledAt", Text(query.ScheduledAt)), ("error", query.Error), ("args", query.Args), ("submittedAfter", Text(query.SubmittedAfter)),
            ("submittedBefore", Text(query.SubmittedBefore)), ("startedAfter", Text(query.StartedAfter)), ("startedBefore", Text(query.StartedBefore)),
            ("finishedAfter", Text(query.FinishedAfter)), ("finishedBefore", Text(query.FinishedBefore)), .. query.Tags.Select(tag => (TagPrefix + tag.Name, (string?)tag.Value)),
        ];
        return all.Where(one => one.Value is not null).ToDictionary(one => one.Name, one => one.Value!, StringComparer.Ordinal);
    }

    private static JobQuery ReadPlain(JobQuery query, string name, string value) => name switch
    {
        "id" => query with { Id = Id(value, "the id of a job, or its beginning") },
        "state" => query with { State = JobStates.TryParse(value, out JobState state) ? state : throw new FormatException("It must be PENDING, PROGRESS, SUCCESS, FAILURE or REVOKED.") },
        "phase" => query with { Phase = JobStates.TryParse(value, out JobPhase phase) ? phase : throw new FormatException("It must be scheduled, waiting, retrying, running or cancelling.") },
        "type" => query with { Type = Name(value) },
        "queue" => query with { Queue = Name(value) },
        "key" => query with { Key = JobKeys.IsKey(value) ? value : throw new FormatException($"It must be a key: {KeyRules.Form}") },
        "parent" => query with { Parent = Id(value) },
        "after" => query with { After = Id(value) },
        "schedule" => query with { Schedule = Name(value) },
        "scheduledAt" => query with { ScheduledAt = Instant(value) },
        "error" => query with { Error = Searched(value) },
        "args" => query with { Args = Searched(value) },
        "submittedAfter" => query with { SubmittedAfter = Instant(value) },
        "submittedBefore" => query with { SubmittedBefore = Instant(value) },
        "startedAfter" => query with { StartedAfter = Instant(value) },
        "startedBefore" => query with { StartedBefore = Instant(value) },
        "finishedAfter" => query with { FinishedAfter = Instant(value) },
        "finishedBefore" => query with { FinishedBefore = Instant(value) },
        "order" => query with { Order = value switch { "newest" => ListOrder.Newest, "due" => ListOrder.Due, _ => throw new FormatException("It must be newest or due.") } },
        "limit" => query with
        {
            Limit = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= JobLimits.MaxPage ? limit : throw new FormatException($"It must be 1 to {JobLimits.MaxPage}."),
        },
        "cursor" => query with { Cursor = value.Length is > 0 and <= MaxCursorLength ? value : throw new FormatException("It must be the cursor of a page.") },
        _ => query,
    };

    private static JobTag Tag(string name, string value)
    {
        if (!SubmissionRules.IsName(name)) throw new FormatException($"A tag's name is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -.");
        return value.Length <= JobLimits.MaxTagLength ? new(name, value) : throw new FormatException($"A tag's value is at most {JobLimits.MaxTagLength} characters.");
    }

    private static string? Text(DateTimeOffset? instant) => instant?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    private static string Name(string value) =>
        SubmissionRules.IsName(value) ? value : throw new FormatException($"It must be 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -.");

    private static string Id(string value, string what = "the id of a job") => JobIds.IsValid(value) ? value : throw new FormatException($"It must be {what}.");

    private static string Searched(string value) =>
        value.Length is > 0 and <= JobLimits.MaxSearchText ? value : throw new FormatException($"It must be a text of 1 to {JobLimits.MaxSearchText} characters.");

    private static DateTimeOffset Instant(string value) =>
        Instants.TryParse(value, out var instant) ? instant : throw new FormatException("It must be an instant with an offset as RFC 3339 has it, such as 2030-01-31T12:00:00Z.");
}
