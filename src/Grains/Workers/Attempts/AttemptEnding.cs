namespace OrleansJobs.Workers;

/// <summary>How an attempt ended, before it is written down as a report.</summary>
internal sealed record AttemptEnding
{
    public static readonly AttemptEnding Returned = new(ReportKind.Returned);
    public static readonly AttemptEnding Cancelled = new(ReportKind.Cancelled);

    private AttemptEnding(ReportKind kind) => Kind = kind;

    public ReportKind Kind { get; }
    public byte[]? Result { get; private init; }
    public JobError? Error { get; private init; }
    public TimeSpan Delay { get; init; }
    public Flows.FlowPark? Park { get; private init; }

    public static AttemptEnding Succeeded(byte[]? result) => new(ReportKind.Succeeded) { Result = result };

    public static AttemptEnding Failed(JobError error) => new(ReportKind.Failed) { Error = error };

    public static AttemptEnding FailedOnce(JobError error, TimeSpan delay) => new(ReportKind.FailedOnce) { Error = error, Delay = delay };

    public static AttemptEnding Parked(Flows.FlowPark park) => new(ReportKind.Parked) { Park = park };

    /// <param name="args">UTF-8 JSON.</param>
    public static AttemptEnding StartedAnew(byte[] args, Flows.FlowPark park) => new(ReportKind.StartedAnew) { Result = args, Park = park };

    public static AttemptEnding Held(TimeSpan atMost) => new(ReportKind.Held) { Delay = atMost };

    public static AttemptEnding Postponed(TimeSpan delay) => new(ReportKind.Postponed) { Delay = delay };
}

/// <summary>Why a running handler was asked to stop.</summary>
internal enum StopReason : byte
{
    None = 0,

    /// <summary>The silo is about to stop.</summary>
    Drain = 1,

    /// <summary>The attempt has said nothing new for longer than it may.</summary>
    Stalled = 2,

    /// <summary>The attempt ran longer than it may.</summary>
    Timeout = 3,

    /// <summary>The job is to have ended by now.</summary>
    Deadline = 4,

    /// <summary>Somebody cancelled the job. Goes before every other reason, because it was promised.</summary>
    Cancel = 5,
}
