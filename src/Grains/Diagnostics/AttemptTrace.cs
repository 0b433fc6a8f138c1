using System.Collections;
using System.Diagnostics;
using System.Globalization;
using OrleansJobs.Workers;

namespace OrleansJobs.Diagnostics;

/// <summary>
/// The span and the log scope of one attempt. The span is a child of the submit that the job came from and links to it, so that it is found
/// both ways, however long after the submit it runs and in whatever process.
/// </summary>
internal static class AttemptTrace
{
    /// <summary>Null where nobody listens. Becomes the current activity: start it where the handler's work flows from.</summary>
    public static Activity? Start(Lease lease)
    {
        if (!JobTracing.Source.HasListeners()) return null;
        // The worker's loop may run under an activity of somebody else's call; an attempt belongs to its own submit only.
        Activity.Current = null;
        var known = ActivityContext.TryParse(lease.TraceParent, null, isRemote: true, out var submit);
        var activity = JobTracing.Source.StartActivity(
            $"process {lease.Queue}", ActivityKind.Consumer, known ? submit : default, links: known ? [new ActivityLink(submit)] : null);
        if (activity is not { IsAllDataRequested: true }) return activity;
        JobTracing.Describe(activity, "process", "process", lease.Queue, lease.Type);
        return activity
            .SetTag("messaging.message.id", lease.Id)
            .SetTag("orleansjobs.job.attempt", lease.Attempt)
            // A string: what shows traces is often JavaScript, whose numbers are not exact that far.
            .SetTag("orleansjobs.job.token", lease.Token.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>How the attempt ended. The error's message is the handler's own and is left out of the span.</summary>
    public static void End(this Activity? activity, ReportKind outcome, string? errorType)
    {
        if (activity is null) return;
        activity.SetTag("orleansjobs.attempt.outcome", Word(outcome));
        if (errorType is not null)
        {
            activity.SetTag("error.type", errorType);
            activity.SetStatus(ActivityStatusCode.Error);
        }

        activity.Dispose();
    }

    /// <summary>The word of <see cref="JobAttempt.Outcome"/> for what a worker reports.</summary>
    public static string Word(ReportKind outcome) => outcome switch
    {
        ReportKind.Succeeded => "succeeded",
        ReportKind.Failed or ReportKind.FailedOnce => "failed",
        ReportKind.Postponed => "postponed",
        ReportKind.Returned => "returned",
        ReportKind.Parked => "parked",
        ReportKind.StartedAnew => "started_anew",
        ReportKind.Held => "held",
        _ => "cancelled",
    };
}

/// <summary>What every log line of an attempt carries: which job and which attempt. Never its arguments.</summary>
internal sealed class AttemptScope(Lease lease, RunningJob? job = null) : IReadOnlyList<KeyValuePair<string, object?>>
{
    /// <summary>The attempt itself, which keeps what is logged in its scope.</summary>
    public RunningJob? Job => job;

    public int Count => 5;

    public KeyValuePair<string, object?> this[int index] => index switch
    {
        0 => new("JobId", lease.Id),
        1 => new("JobType", lease.Type),
        2 => new("JobQueue", lease.Queue),
        3 => new("JobAttempt", lease.Attempt),
        // A string: a log as JSON may be read by what knows no integer of 63 bits.
        4 => new("JobToken", lease.Token.ToString(CultureInfo.InvariantCulture)),
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (var i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"job {lease.Id} ({lease.Type}, attempt {lease.Attempt})");
}
