using System.Diagnostics;

namespace OrleansJobs.Diagnostics;

/// <summary>
/// The spans of a job: one where it is submitted, one for each attempt. Names and attributes follow OpenTelemetry's messaging conventions.
/// Arguments and results are never part of a span.
/// </summary>
public static class JobTracing
{
    /// <summary>Of the activity source and of the meter.</summary>
    public const string Name = "OrleansJobs";

    /// <summary>What <c>messaging.system</c> says.</summary>
    public const string MessagingSystem = "orleansjobs";

    public static readonly ActivitySource Source = new(Name, typeof(JobTracing).Assembly.GetName().Version?.ToString(3));

    /// <summary>The span of one submit; null where nobody listens. Its id is what the job keeps as its <c>traceparent</c>.</summary>
    public static Activity? StartSubmit(JobSubmission job)
    {
        var activity = Source.StartActivity($"send {job.Queue}", ActivityKind.Producer, ParentOf(job.TraceParent));
        if (activity is not { IsAllDataRequested: true }) return activity;
        Describe(activity, "send", "submit", job.Queue, job.Type);
        activity.SetTag("messaging.message.id", job.Id);
        return activity;
    }

    /// <summary>The span of one bulk submit: its jobs keep it as their <c>traceparent</c> where they bring none.</summary>
    public static Activity? StartSubmitMany(IReadOnlyList<JobSubmission> jobs)
    {
        if (jobs.Count == 0) return null;
        var activity = Source.StartActivity($"send {jobs[0].Queue}", ActivityKind.Producer);
        if (activity is not { IsAllDataRequested: true }) return activity;
        Describe(activity, "send", "submit", jobs[0].Queue, jobs[0].Type);
        activity.SetTag("messaging.batch.message_count", jobs.Count);
        return activity;
    }

    /// <summary>The job with the trace context that its attempts will go on from: the submit's, unless it brought one of another trace.</summary>
    public static JobSubmission Carry(JobSubmission job, Activity? span)
    {
        span ??= Activity.Current;
        if (span?.IdFormat != ActivityIdFormat.W3C) return job;
        var foreign = ActivityContext.TryParse(job.TraceParent, null, out var own) && own.TraceId != span.TraceId;
        return foreign ? job : job with { TraceParent = span.Id };
    }

    /// <summary>What a submit was answered.</summary>
    public static void SetOutcome(this Activity? activity, SubmitOutcome outcome, string? reason = null)
    {
        if (activity is null) return;
        activity.SetTag("orleansjobs.submit.outcome", Word(outcome));
        if (outcome is SubmitOutcome.Accepted or SubmitOutcome.Replayed) return;
        activity.SetTag("error.type", Word(outcome));
        activity.SetStatus(ActivityStatusCode.Error, reason);
    }

    /// <summary>The outcome as attributes and metrics have it.</summary>
    public static string Word(SubmitOutcome outcome) => outcome switch
    {
        SubmitOutcome.Accepted => "accepted",
        SubmitOutcome.Replayed => "replayed",
        SubmitOutcome.Conflict => "conflict",
        SubmitOutcome.Rejected => "rejected",
        SubmitOutcome.Overloaded => "overloaded",
        _ => "unavailable",
    };

    /// <summary>The attributes that all spans of jobs have.</summary>
    public static void Describe(Activity activity, string kind, string operation, string queue, string type) => activity
        .SetTag("messaging.system", MessagingSystem)
        .SetTag("messaging.operation.type", kind)
        .SetTag("messaging.operation.name", operation)
        .SetTag("messaging.destination.name", queue)
        .SetTag("orleansjobs.job.type", type);

    // What runs in this process is the nearer parent; a traceparent that came along stands where nothing does.
    private static ActivityContext ParentOf(string? traceParent) =>
        Activity.Current is { } current ? current.Context
        : ActivityContext.TryParse(traceParent, null, isRemote: true, out var remote) ? remote
        : default;
}
