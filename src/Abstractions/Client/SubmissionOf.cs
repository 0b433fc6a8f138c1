using System.Diagnostics;
using System.Text.Json;

namespace OrleansJobs;

/// <summary>Makes a submission of what a caller says.</summary>
internal static class SubmissionOf
{
    /// <exception cref="JobRejectedException">The arguments cannot be written as JSON, or the id is none that a submitter may give.</exception>
    /// <param name="id">A fresh id of ours; null: the caller's, or a fresh one.</param>
    /// <param name="isOfMany">It is submitted beside others.</param>
    public static JobSubmission Arguments<TArgs>(string type, TArgs args, SubmitOptions options, string queue, TimeProvider time, string? id = null, bool isOfMany = false)
    {
        if (SubmissionRules.CheckOwnNames(type, queue) is { } problem) throw new JobRejectedException([problem]);
        return Any(type, args, options, queue, options.Priority ?? JobLimits.DefaultPriority, time, id, isOfMany);
    }

    /// <inheritdoc cref="Arguments"/>
    public static JobSubmission Flow(FlowGraph flow, SubmitOptions options, TimeProvider time, string? id) =>
        Any(FlowGraph.JobType, flow, options, FlowGraph.RunQueue, FlowGraph.RunPriority, time, id, isOfMany: false);

    private static JobSubmission Any<TArgs>(string type, TArgs args, SubmitOptions options, string queue, int priority, TimeProvider time, string? id, bool isOfMany)
    {
        if (SubmissionRules.CheckOwnId(options.Id) is { } problem) throw new JobRejectedException([problem]);
        if (options.Id is not null && (options.Key is not null || options.Unique is not null)) throw new JobRejectedException([new("/id", KeyRules.OwnId)]);
        var job = new JobSubmission
        {
            Id = id ?? options.Id ?? JobIds.New(time),
            Type = type,
            Args = Write(args),
            Queue = queue,
            Priority = priority,
            Countdown = Milliseconds(options.Countdown),
            Eta = Milliseconds(options.Eta),
            ExpiresAfter = Milliseconds(options.ExpiresAfter),
            DeadlineAfter = Milliseconds(options.DeadlineAfter),
            Attempts = options.Attempts,
            Retry = options.Retry,
            Timeout = Milliseconds(options.Timeout),
            Retention = Milliseconds(options.Retention),
            Tags = options.Tags is null ? [] : [.. options.Tags.Select(tag => new JobTag(tag.Key, tag.Value))],
            After = options.After is null ? [] : [.. options.After],
            CancelIfUnmet = options.CancelIfUnmet,
            WithoutResult = isOfMany,
            WithoutStatus = isOfMany,
            Notify = options.Notify is null ? [] : [.. options.Notify],
            TraceParent = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null,
        };
        if (options.Key is not null || options.Unique is not null || options.Weight is not null)
        {
            job = job with
            {
                Key = options.Key, Weight = options.Weight,
                Unique = options.Unique is { Value: null } unique ? unique with { Value = JobKeys.UniqueOf(type, job.Args) } : options.Unique,
            };
        }

        return id is not null || options.Id is null ? job : job with { Fingerprint = SubmissionFingerprint.Of(job) };
    }

    private static byte[] Write<TArgs>(TArgs args)
    {
        try
        {
            return JsonSerializer.SerializeToUtf8Bytes(args, JobJson.Options);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or ArgumentException or InvalidOperationException)
        {
            throw new JobRejectedException([new SubmissionProblem("/args", $"Arguments of type {typeof(TArgs).Name} cannot be written as JSON: {exception.Message}")], exception);
        }
    }

    // Rounded up: a job is never early, and a duration above zero stays above it.
    private static long? Milliseconds(TimeSpan? span) => span is { } value ? (long)Math.Ceiling(value.TotalMilliseconds) : null;

    private static long? Milliseconds(DateTimeOffset? instant) =>
        instant is { } value ? value.AddTicks(TimeSpan.TicksPerMillisecond - 1).ToUnixTimeMilliseconds() : null;
}
