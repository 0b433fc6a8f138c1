namespace OrleansJobs;

/// <summary>What a partition does about topics. Key: its number.</summary>
[Alias("oj.IPartitionTopics")]
internal interface IPartitionTopics : IGrainWithIntegerKey
{
    /// <summary>Makes a job for each binding that fits; all are stored when it is answered, or none is.</summary>
    [Alias("publish"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<PublishAnswer> Publish(TopicEvent told);

    /// <summary>Puts a binding. Of the home of bindings alone (<see cref="TopicHome"/>); every event that is published after the answer finds it.</summary>
    [Alias("put"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<BindingAnswer> PutBinding(TopicBinding binding);

    /// <summary>The same of one that is to be gone.</summary>
    [Alias("delete"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<BindingAnswer> DeleteBinding(string id);

    [Alias("get"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<TopicBinding?> GetBinding(string id);

    /// <summary>Bindings in the order of their names.</summary>
    /// <param name="after">Behind this name; empty: from the first.</param>
    [Alias("list"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<BindingPage> ListBindings(string after, int limit);

    /// <summary>What has changed behind a version.</summary>
    /// <param name="wanted">What some partition was told of: should the home know less, its store has lost that, and it counts on from there.</param>
    [Alias("changes"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<BindingChanges> ReadBindingChanges(BindingsVersion after, BindingsVersion wanted);

    /// <summary>From now on no event is published here without the bindings of this version. Stored when it is answered.</summary>
    [Alias("know"), ResponseTimeout(AnswerTimeouts.Short)]
    Task KnowBindings(BindingsVersion version);

    /// <summary>What was published here behind a place; answered when there is something, or after a while.</summary>
    [Alias("listen")]
    Task<PublishedEvents> ListenToTopics(ChangePlace after, TimeSpan atMost);
}

/// <summary>The one partition that bindings are put to, and that tells all others.</summary>
internal static class TopicHome
{
    public static int Of(int partitions) => JobIds.PartitionOf(JobIds.DerivedPrefix + "bindings", partitions);
}

/// <summary>
/// How new bindings are. What a later opening of their home says counts, also where it is less: the store may have lost what an earlier one had acknowledged.
/// </summary>
/// <param name="Opening">The generation of the home that said it.</param>
/// <param name="Number">Grows with each change.</param>
[GenerateSerializer, Immutable, Alias("oj.bindingsVersion")]
internal readonly record struct BindingsVersion([property: Id(0)] long Opening, [property: Id(1)] long Number)
{
    /// <summary>Whoever has this one has all that the other one says, or what has come in its place.</summary>
    public bool Covers(BindingsVersion other) => Opening > other.Opening || (Opening == other.Opening && Number >= other.Number);
}

[GenerateSerializer, Alias("oj.bindingOutcome")]
internal enum BindingOutcome : byte
{
    Done = 0,
    Created = 1,
    NotFound = 2,
    Rejected = 3,

    /// <summary>A bound is reached.</summary>
    Full = 4,

    /// <summary>Not every partition has answered: it may hold in some by now, and will in all. Ask again.</summary>
    Unavailable = 5,
}

[GenerateSerializer, Immutable, Alias("oj.bindingAnswer")]
internal sealed record BindingAnswer([property: Id(0)] BindingOutcome Outcome)
{
    [Id(1)] public TopicBinding? Binding { get; init; }
    [Id(2)] public SubmissionProblem[] Problems { get; init; } = [];
    [Id(3)] public string? Reason { get; init; }
}

/// <param name="Version">All changes up to it are in what was read, and later ones may be.</param>
[GenerateSerializer, Immutable, Alias("oj.bindingPage")]
internal sealed record BindingPage([property: Id(0)] BindingsVersion Version, [property: Id(1)] TopicBinding[] Bindings, [property: Id(2)] bool HasMore);

/// <param name="HasGap">So much has changed, or the home has been opened anew, that all is to be read anew.</param>
[GenerateSerializer, Immutable, Alias("oj.bindingChanges")]
internal sealed record BindingChanges([property: Id(0)] BindingsVersion Version, [property: Id(1)] BindingChange[] Changes, [property: Id(2)] bool HasGap);

/// <param name="Binding">Null: it is gone.</param>
[GenerateSerializer, Immutable, Alias("oj.bindingChange")]
internal sealed record BindingChange([property: Id(0)] long Version, [property: Id(1)] string Name, [property: Id(2)] TopicBinding? Binding);

/// <param name="HasGap">There were events that are not told.</param>
[GenerateSerializer, Immutable, Alias("oj.publishedEvents")]
internal sealed record PublishedEvents([property: Id(0)] ChangePlace Place, [property: Id(1)] HeardEvent[] Events, [property: Id(2)] bool HasGap);

/// <summary>An event as listeners hear of it.</summary>
[GenerateSerializer, Immutable, Alias("oj.heardEvent")]
internal sealed record HeardEvent([property: Id(0)] string EventId, [property: Id(1)] string Key, [property: Id(2)] byte[] Data, [property: Id(3)] long At);
