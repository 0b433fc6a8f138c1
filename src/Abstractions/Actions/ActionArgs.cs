using System.Text.Json.Serialization;

namespace OrleansJobs;

/// <summary>The arguments of the job that an action is.</summary>
internal sealed record ActionArgs
{
    /// <summary>The type of the job.</summary>
    public const string JobType = JobIds.DerivedPrefix + "act";

    /// <summary>Where it runs: a queue of the grid's own, so that no action waits behind the jobs that it is to cancel.</summary>
    public const string RunQueue = JobIds.DerivedPrefix + "actions";

    public const int MaxReasonLength = 256;

    /// <summary>How long is kept what a dry run has counted.</summary>
    public static readonly TimeSpan DryRunRetention = TimeSpan.FromHours(1);

    public required string Action { get; init; }

    /// <summary>As the parameters of <c>GET /jobs</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Dictionary<string, string>? Filter { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string[]? Ids { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool DryRun { get; init; }

    /// <summary>Who asked for it.</summary>
    public required string By { get; init; }

    /// <summary>To jobs of which queues alone it may be done; null: of all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string[]? Queues { get; init; }

    /// <summary>What is wrong with an order; null where nothing is.</summary>
    public static SubmissionProblem? Check(JobActionOrder order)
    {
        if (order.Filter is null == order.Ids is null) return new("", "Give a filter or ids: one of them.");
        if (order.Ids is { Count: 0 or > JobActionOrder.MaxIds }) return new("/ids", $"They must be 1 to {JobActionOrder.MaxIds}.");
        if (order.Ids is { } ids && ids.FirstOrDefault(id => !JobIds.IsValid(id)) is not null) return new("/ids", "One of them is no id of a job.");
        if (order.Reason?.Length > MaxReasonLength) return new("/reason", $"It may have at most {MaxReasonLength} characters.");
        if (order is { IsDryRun: true, Ids: not null }) return new("/dryRun", "What a filter keeps is counted; how many ids there are is known.");
        if (order.Filter is not { } filter) return null;
        if (filter.Id is not null || filter.Cursor is not null || filter.Order != ListOrder.Newest) return new("/filter", "Jobs are named by ids there, and lists alone have an order and a cursor.");
        // Everything that there is has to be asked for in so many words, such as by each state.
        var written = JobFilter.Write(filter);
        return written.Count == 0 ? new("/filter", "It keeps all jobs: name what they have in common.") : Check(written);
    }

    private static SubmissionProblem? Check(Dictionary<string, string> filter)
    {
        var query = new JobQuery();
        foreach (var (name, value) in filter)
        {
            try
            {
                query = JobFilter.Read(query, name, value);
            }
            catch (FormatException mistake)
            {
                return new($"/filter/{name}", mistake.Message);
            }
        }

        return JobFilter.Check(query) is (var where, var detail) ? new($"/filter/{where}", detail) : null;
    }

    /// <param name="queues">Null: all.</param>
    public static ActionArgs Of(JobActionOrder order, string by, string[]? queues) => new()
    {
        Action = order.Action.Name, Filter = order.Filter is { } filter ? JobFilter.Write(filter) : null, Ids = order.Ids is { } ids ? [.. ids.Distinct(StringComparer.Ordinal)] : null,
        Reason = order.Reason, DryRun = order.IsDryRun, By = by, Queues = queues,
    };

    /// <summary>What the filter says; null where there are ids.</summary>
    public JobQuery? Query() => Filter?.Aggregate(new JobQuery(), (query, one) => JobFilter.Read(query, one.Key, one.Value));

    /// <param name="tags">By which those are known that may see it.</param>
    public JobSubmission Submission(string id, JobTag[] tags) => new()
    {
        Id = id, Type = JobType, Queue = RunQueue, Priority = JobLimits.MaxPriority, Args = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(this, JobJson.Options), Tags = tags,
        Retention = DryRun ? (long)DryRunRetention.TotalMilliseconds : null,
    };
}
