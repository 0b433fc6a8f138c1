namespace OrleansJobs.Actions;

/// <summary>What an action asks of each partition.</summary>
[Alias("oj.IPartitionActions")]
internal interface IPartitionActions : IGrainWithIntegerKey
{
    /// <summary>The stamp that jobs submitted until now have at most, and later ones are above.</summary>
    [Alias("mark"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<long> MarkStamp();

    /// <summary>Does it to each, and answers when that is stored; in the order of the ids.</summary>
    [Alias("act"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<ActedJob[]> Act(ActionPage page);
}

/// <param name="IsRepeated">Some of it may have been done before, by an attempt that was lost.</param>
[GenerateSerializer, Immutable, Alias("oj.actionPage")]
internal sealed record ActionPage([property: Id(0)] JobAction Action, [property: Id(1)] ChangeOrder Order, [property: Id(2)] string[] Ids, [property: Id(3)] bool IsRepeated)
{
    /// <summary>Jobs of one page: as many as go into a commit or two.</summary>
    public const int MaxJobs = 100;
}

/// <param name="Detail">Why it was refused.</param>
[GenerateSerializer, Immutable, Alias("oj.acted")]
internal readonly record struct ActedJob([property: Id(0)] ActionVerdict Verdict, [property: Id(1)] string? Detail);
