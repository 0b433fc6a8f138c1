namespace OrleansJobs;

/// <summary>
/// What is to run, and when. What runs is a job of a type, or a flow, whose graph the arguments then are: <see cref="ScheduleBuilder.SubmitFlow"/> makes one. Exactly one of <see cref="Cron"/> and <see cref="Every"/> is given. All durations are in milliseconds, all instants in Unix
/// milliseconds.
/// </summary>
[GenerateSerializer, Immutable, Alias("oj.scheduleSpec")]
public sealed record ScheduleSpec
{
    [Id(0)] public required string Type { get; init; }
    [Id(1)] public string Queue { get; init; } = JobLimits.DefaultQueue;

    /// <summary>The arguments as UTF-8 JSON. Each <c>{"$at":"scheduled"}</c> in them becomes the occurrence's instant, as RFC 3339 has it, in UTC.</summary>
    [Id(2)] public byte[] Args { get; init; } = [.. "{}"u8];

    /// <summary>0 to 9; higher runs first among what is due.</summary>
    [Id(3)] public int Priority { get; init; } = JobLimits.DefaultPriority;
    [Id(4)] public JobTag[] Tags { get; init; } = [];

    /// <summary>Each occurrence runs at most so often. Null: what the handler says.</summary>
    [Id(5)] public int? Attempts { get; init; }

    /// <summary>How long one attempt may run. Null: what the handler says.</summary>
    [Id(6)] public long? Timeout { get; init; }

    /// <summary>How long a finished occurrence is kept. Null: the grid's retention.</summary>
    [Id(7)] public long? Retention { get; init; }

    /// <summary>Five fields, or six where the first are seconds, as Cronos reads them: <c>30 2 * * MON-FRI</c>.</summary>
    [Id(8)] public string? Cron { get; init; }

    /// <summary>So long from one instant to the next, whatever clocks on walls do.</summary>
    [Id(9)] public long? Every { get; init; }

    /// <summary>An instant from which <see cref="Every"/> counts, in both directions. Null: when the schedule was made.</summary>
    [Id(10)] public long? Anchor { get; init; }

    /// <summary>An IANA name, such as <c>Europe/Berlin</c>, whose walls' clocks the cron expression means. Null: UTC.</summary>
    [Id(11)] public string? Zone { get; init; }

    /// <summary>No instant before.</summary>
    [Id(12)] public long? Start { get; init; }

    /// <summary>No instant after.</summary>
    [Id(13)] public long? End { get; init; }

    /// <summary>So many instants, whatever comes of them.</summary>
    [Id(14)] public int? Count { get; init; }

    /// <summary>Each instant is due by the same part of this later, which the schedule's id decides: many schedules of one instant spread.</summary>
    [Id(15)] public long Jitter { get; init; }

    /// <summary>What happens at an instant when an occurrence before it has not ended.</summary>
    [Id(16)] public ScheduleOverlap Overlap { get; init; }

    /// <summary>What happens to instants that went by while nobody could serve them.</summary>
    [Id(17)] public ScheduleMissed Missed { get; init; }

    /// <summary>An instant is missed when it is so late. Null: the grid's option, 60 s.</summary>
    [Id(18)] public long? MissedAfter { get; init; }

    /// <summary>With <see cref="ScheduleMissed.All"/>: those at most so late. Null: <see cref="ScheduleLimits.MissedWithin"/>.</summary>
    [Id(19)] public long? MissedWithin { get; init; }

    /// <summary>Whose jobs the occurrences are, where submitters are bounded one by one.</summary>
    [Id(20)] public string? Owner { get; init; }

    /// <summary>An occurrence that has not ended so long after it was submitted fails. Null: none.</summary>
    [Id(21)] public long? Deadline { get; init; }

    /// <summary>Whose limits, order and turns its occurrences go by, such as <c>tenant/7</c>; see <see cref="JobKeys"/>.</summary>
    [Id(22)] public string? Key { get; init; }

    /// <summary>How many turns the key has for one of others, 1 to 1,000, where no rule says it.</summary>
    [Id(23)] public int? Weight { get; init; }

    /// <summary>Who is called when an occurrence ends, as of any job; of a flow, when the flow ends.</summary>
    [Id(24)] public JobNotice[] Notify { get; init; } = [];

    /// <summary>Its occurrences are flows, and <see cref="Args"/> the graph.</summary>
    public bool IsFlow => Type == FlowGraph.JobType;

    /// <summary>Both say the same, whichever arrays they say it with.</summary>
    internal bool IsSameAs(ScheduleSpec other) =>
        Args.AsSpan().SequenceEqual(other.Args) && Tags.AsSpan().SequenceEqual(other.Tags) && Notify.AsSpan().SequenceEqual(other.Notify)
        && this with { Args = other.Args, Tags = other.Tags, Notify = other.Notify } == other;
}

/// <summary>What happens at an instant when an occurrence before it has not ended.</summary>
[GenerateSerializer, Alias("oj.scheduleOverlap")]
public enum ScheduleOverlap : byte
{
    /// <summary>The instant is skipped.</summary>
    Skip = 0,

    /// <summary>One waits until the others have ended; further ones are skipped.</summary>
    Queue = 1,

    /// <summary>They run beside each other.</summary>
    All = 2,

    /// <summary>The others are cancelled, and the new one is submitted at once.</summary>
    Cancel = 3,

    /// <summary>The others are cancelled, and the new one is submitted once they have ended; of several that wait so, the newest.</summary>
    Replace = 4,
}

/// <summary>What happens to instants that went by while nobody could serve them.</summary>
[GenerateSerializer, Alias("oj.scheduleMissed")]
public enum ScheduleMissed : byte
{
    /// <summary>The latest of them is served.</summary>
    One = 0,

    /// <summary>Those within a time are served, the newest <see cref="ScheduleLimits.MaxMissed"/> at most.</summary>
    All = 1,

    /// <summary>None is served.</summary>
    None = 2,
}

/// <summary>The bounds of schedules that no option changes.</summary>
public static class ScheduleLimits
{
    public const int MaxCronLength = 100;

    /// <summary>Of <see cref="ScheduleSpec.Count"/>.</summary>
    public const int MaxCount = 100_000;

    /// <summary>Missed instants that are served at a time.</summary>
    public const int MaxMissed = 100;

    /// <summary>Occurrences of one schedule that have not ended; beyond it instants are skipped.</summary>
    public const int MaxOpen = 1000;

    /// <summary>Occurrences that are remembered.</summary>
    public const int KeptRuns = 50;

    /// <summary>Instants that one preview tells.</summary>
    public const int MaxNext = 100;

    /// <summary>Instants from now on that are shown where nobody says how many.</summary>
    public const int DefaultNext = 10;

    /// <summary>The shortest <see cref="ScheduleSpec.Every"/>.</summary>
    public static readonly TimeSpan MinEvery = TimeSpan.FromSeconds(1);

    /// <summary>The longest <see cref="ScheduleSpec.Every"/>.</summary>
    public static readonly TimeSpan MaxEvery = TimeSpan.FromDays(3660);

    public static readonly TimeSpan MaxJitter = TimeSpan.FromDays(1);

    /// <summary>The longest of what makes an instant missed, and of what is then still served.</summary>
    public static readonly TimeSpan MaxLateness = TimeSpan.FromDays(31);

    public static readonly TimeSpan MissedWithin = TimeSpan.FromHours(1);

    /// <summary>What an id may not be: it has a meaning of its own.</summary>
    public const string ReservedId = "next";

    /// <summary>Whether it may name a schedule: 1 to 64 of <c>A-Z a-z 0-9 . _ -</c>, and none of <c>next</c>, <c>.</c> and <c>..</c>.</summary>
    public static bool IsId(string? id) => SubmissionRules.IsName(id) && id is not (ReservedId or "." or "..");
}
