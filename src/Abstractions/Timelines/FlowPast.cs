namespace OrleansJobs;

/// <summary>What a job that remembers something has done on its way, by what it remembers: of its last run, where it has started itself anew.</summary>
/// <param name="Happened">The newest <see cref="MostTold"/>, oldest first.</param>
/// <param name="HasMore">There are older ones.</param>
[GenerateSerializer, Immutable, Alias("oj.flowPast")]
public sealed record FlowPast([property: Id(0)] FlowHappened[] Happened, [property: Id(1)] bool HasMore)
{
    public const int MostTold = 100;
    public static readonly FlowPast None = new([], false);
}

/// <param name="What">One of <see cref="TimelineWords"/>: a step, the start or end of a child, a signal.</param>
/// <param name="Name">Of the step, the child (or its group) or the signal, as the flow calls it.</param>
[GenerateSerializer, Immutable, Alias("oj.flowHappened")]
public sealed record FlowHappened([property: Id(0)] string What, [property: Id(1)] string Name, [property: Id(2)] DateTimeOffset At)
{
    /// <summary>Of a child: its id.</summary>
    [Id(3)] public string? Job { get; init; }

    /// <summary>Of a child that has ended: how.</summary>
    [Id(4)] public JobState? State { get; init; }

    /// <summary>Of a step that threw, and a child that failed.</summary>
    [Id(5)] public JobError? Error { get; init; }

    /// <summary>Of a signal: no attempt has read it yet.</summary>
    [Id(6)] public bool IsUnread { get; init; }
}
