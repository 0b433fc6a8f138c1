namespace OrleansJobs;

/// <summary>What a partition commits, told as it happens to gateways that listen. Key: the partition's number.</summary>
[Alias("oj.IJobChanges")]
internal interface IJobChangesGrain : IGrainWithIntegerKey
{
    /// <summary>What has changed behind a place, as soon as anything has; nothing after <paramref name="atMost"/> (up to 20 s).</summary>
    [Alias("read")]
    Task<JobChanges> ReadChanges(ChangePlace after, TimeSpan atMost);
}

/// <summary>A place in the changes of one opening of a partition. The default is that of a newcomer.</summary>
[GenerateSerializer, Immutable, Alias("oj.changePlace")]
internal readonly record struct ChangePlace([property: Id(0)] long Opening, [property: Id(1)] long Number);

[GenerateSerializer, Immutable, Alias("oj.changes")]
internal sealed record JobChanges
{
    /// <summary>Where to go on.</summary>
    [Id(0)] public ChangePlace Place { get; init; }

    /// <summary>There were changes that are not known any more, or never were: only the lists tell how things stand.</summary>
    [Id(1)] public bool HasGap { get; init; }

    /// <summary>In the order of their commits; none where there is a gap.</summary>
    [Id(2)] public ChangedJob[] Jobs { get; init; } = [];
}

/// <param name="Status">As the store has it, without a result; null: the job was deleted.</param>
[GenerateSerializer, Immutable, Alias("oj.changed")]
internal readonly record struct ChangedJob([property: Id(0)] string Id, [property: Id(1)] JobStatus? Status);
