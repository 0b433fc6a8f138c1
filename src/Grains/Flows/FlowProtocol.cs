using OrleansJobs.Workers;

namespace OrleansJobs.Flows;

/// <summary>What a worker that runs a flow says to the flow's partition, beside its reports.</summary>
[Alias("oj.IPartitionFlows")]
internal interface IPartitionFlows : IGrainWithIntegerKey
{
    /// <summary>What is remembered of the flow, in the order in which it came, from behind a place.</summary>
    [Alias("read"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<FlowPage> ReadFlow(LeaseName lease, long after);

    /// <summary>Remembers steps and starts children, all or nothing; durable when it is answered. A child that exists is found, not made again.</summary>
    [Alias("change"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<FlowAnswer> ChangeFlow(LeaseName lease, FlowChange change);

    /// <summary>
    /// Children that live in this partition, with their results, as they are stored; null where there is none. Of those that have ended nothing else is said than how.
    /// As many of the first as fit into the bytes, and one at least.
    /// </summary>
    [Alias("ends"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<JobStatus?[]> ReadChildren(string[] ids, int bytes);

    /// <summary>Ends a parked flow as failed: what its handler did after it was parked shows that it must not be.</summary>
    [Alias("failParked"), ResponseTimeout(AnswerTimeouts.Short)]
    Task FailParked(LeaseName lease, JobError error);
}

/// <summary>A page of what is remembered.</summary>
[GenerateSerializer, Immutable, Alias("oj.flowPage")]
internal sealed record FlowPage
{
    /// <summary>The attempt does not hold the flow any more: stop.</summary>
    [Id(0)] public bool IsStale { get; init; }

    /// <summary>1, and one more each time the flow started itself anew.</summary>
    [Id(1)] public int Run { get; init; } = 1;

    /// <summary>What this run was started with; null: the job's own arguments.</summary>
    [Id(2)] public byte[]? Args { get; init; }
    [Id(3)] public FlowEvent[] Events { get; init; } = [];

    /// <summary>There are others behind these.</summary>
    [Id(4)] public bool HasMore { get; init; }

    /// <summary>All groups, as they stand now.</summary>
    [Id(5)] public FlowGroup[] Groups { get; init; } = [];

    /// <summary>Everything up to here has been read: what to say as <see cref="FlowPark.Seen"/>.</summary>
    [Id(6)] public long Seen { get; init; }

    [Id(7)] public int Partitions { get; init; }

    /// <summary>Children with names of their own that have been started and have not ended. May be left out; they are then started again, which finds them.</summary>
    [Id(8)] public string[] Started { get; init; } = [];
}

[GenerateSerializer, Alias("oj.flowEventKind")]
internal enum FlowEventKind : byte
{
    /// <summary>A step has returned or thrown; also what the flow itself wants to be remembered, such as when a delay ends.</summary>
    Step = 0,

    /// <summary>A child that has a name of its own has ended.</summary>
    Child = 1,

    /// <summary>A child of a group has ended without success.</summary>
    GroupFailure = 2,

    /// <summary>A signal has come.</summary>
    Signal = 3,

    /// <summary>Children of a group have been started some of which have keys: in which partitions they are, from one place in the group on. See <see cref="ChildPlaces"/>.</summary>
    Places = 4,
}

/// <summary>Something that a flow remembers.</summary>
[GenerateSerializer, Immutable, Alias("oj.flowEvent")]
internal sealed record FlowEvent
{
    /// <summary>Grows by one from event to event of a flow; 1 is the first.</summary>
    [Id(0)] public long Sequence { get; init; }
    [Id(1)] public FlowEventKind Kind { get; init; }
    [Id(2)] public required string Name { get; init; }

    /// <summary>UTF-8 JSON: what a step returned, a child's result, a signal's body.</summary>
    [Id(3)] public byte[]? Value { get; init; }

    /// <summary>What a step threw, or why a child failed.</summary>
    [Id(4)] public JobError? Error { get; init; }

    /// <summary>How a child ended.</summary>
    [Id(5)] public JobState State { get; init; }

    /// <summary>The child's id.</summary>
    [Id(6)] public string? Job { get; init; }

    /// <summary>The child's place in its group.</summary>
    [Id(7)] public int Index { get; init; }

    /// <summary>The child's result is too large to be carried: read it from the child.</summary>
    [Id(8)] public bool IsValueElsewhere { get; init; }

    /// <summary>When it was noted, in Unix milliseconds; 0: it is not known, as it was noted by an older release.</summary>
    [Id(9)] public long At { get; init; }
}

/// <summary>Children that were started for the items of one list.</summary>
/// <param name="Total">How many there will be; -1: not known yet.</param>
/// <param name="RetriedAt">The sequence of the last event when those that had failed were last run again: that all had ended by then counts no more.</param>
[GenerateSerializer, Immutable, Alias("oj.flowGroup")]
internal sealed record FlowGroup(
    [property: Id(0)] string Name, [property: Id(1)] int Total, [property: Id(2)] int Started, [property: Id(3)] int Succeeded, [property: Id(4)] int Failed,
    [property: Id(5)] long RetriedAt = 0)
{
    /// <summary>Failures of one group of which the flow is told one by one.</summary>
    public const int MostTold = 100;
}

[GenerateSerializer, Immutable, Alias("oj.flowChange")]
internal sealed record FlowChange
{
    [Id(0)] public FlowStep[] Steps { get; init; } = [];
    [Id(1)] public ChildOrder[] Children { get; init; } = [];

    /// <summary>How many children a group will have, once that is known.</summary>
    [Id(2)] public FlowGroupTotal[] Totals { get; init; } = [];

    /// <summary>Children, by name, that are not waited for any more: they are cancelled. What had failed is not run again with the others.</summary>
    [Id(3)] public string[] Cancels { get; init; } = [];

    /// <summary>The weights of all children that there will be; 0: nobody knows.</summary>
    [Id(4)] public long Weight { get; init; }
}

[GenerateSerializer, Immutable, Alias("oj.flowGroupTotal")]
internal readonly record struct FlowGroupTotal([property: Id(0)] string Name, [property: Id(1)] int Total);

/// <summary>A name that has been remembered before keeps what it had.</summary>
[GenerateSerializer, Immutable, Alias("oj.flowStep")]
internal sealed record FlowStep([property: Id(0)] string Name, [property: Id(1)] byte[]? Value, [property: Id(2)] JobError? Error);

/// <summary>A child to be started, or found.</summary>
[GenerateSerializer, Immutable, Alias("oj.childOrder")]
internal sealed record ChildOrder
{
    /// <summary>With the derived id of the child: see <see cref="FlowIds"/>.</summary>
    [Id(0)] public required JobSubmission Job { get; init; }

    /// <summary>Its own name, or that of its group.</summary>
    [Id(1)] public required string Name { get; init; }

    /// <summary>Its place in the group; -1: it has a name of its own.</summary>
    [Id(2)] public int Index { get; init; } = -1;
    [Id(3)] public int Weight { get; init; } = 1;
}

[GenerateSerializer, Alias("oj.flowAnswerKind")]
internal enum FlowAnswerKind : byte
{
    Stored = 0,

    /// <summary>The attempt does not hold the flow any more: stop.</summary>
    Stale = 1,

    /// <summary>Too much is on its way to other partitions: again in a moment. Nothing was stored.</summary>
    Busy = 2,

    /// <summary>A bound of flows would be passed, which fails the flow. Nothing was stored.</summary>
    Refused = 3,
}

/// <param name="Error">Where refused: what the flow fails with.</param>
/// <param name="Last">
/// Where stored: the place of the flow's last event, these steps included; 0: not said. A worker that finds its own steps right behind what it has seen need not
/// read them back; any other reads on, since all that is remembered takes effect in the order of places.
/// </param>
[GenerateSerializer, Immutable, Alias("oj.flowAnswer")]
internal sealed record FlowAnswer([property: Id(0)] FlowAnswerKind Kind, [property: Id(1)] JobError? Error = null, [property: Id(2)] long Last = 0);

/// <summary>
/// What a parked flow waits for: it runs again when any of it comes, or has come behind <see cref="Seen"/> already. With <see cref="ReportKind.Parked"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("oj.flowPark")]
internal sealed record FlowPark
{
    /// <summary>The place behind which the worker has seen nothing.</summary>
    [Id(0)] public long Seen { get; init; }

    /// <summary>Children with names of their own, by name.</summary>
    [Id(1)] public string[] Children { get; init; } = [];

    /// <summary>Groups, each with how many of its children must have ended. A failure in one of them is waited for as well, unless it is ignored.</summary>
    [Id(2)] public FlowGroupWait[] Groups { get; init; } = [];
    [Id(3)] public string[] Signals { get; init; } = [];

    /// <summary>The next instant that something of it waits for, in Unix milliseconds; null: none does.</summary>
    [Id(4)] public long? Until { get; init; }

    /// <summary>Of one that starts itself anew: signals that have come and that nobody has taken, which the next run finds.</summary>
    [Id(5)] public FlowEvent[] Untaken { get; init; } = [];

    /// <summary>What is to be started before it waits, in one decision with it; null: nothing. Without steps, whose places the worker would have to learn first.</summary>
    [Id(6)] public FlowChange? Change { get; init; }

    /// <summary>Nothing but what it waits for makes it run again, whatever else has come: its worker need not have seen that.</summary>
    [Id(7)] public bool OnlyAwaited { get; init; }
}

[GenerateSerializer, Immutable, Alias("oj.flowGroupWait")]
internal readonly record struct FlowGroupWait([property: Id(0)] string Name, [property: Id(1)] int Ended, [property: Id(2)] bool IgnoresFailures);
