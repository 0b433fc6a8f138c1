namespace OrleansJobs.Trials;

/// <summary>
/// Whose turn it is to stand empty for the sake of a suspect, and which crashes have been explained by a conviction. Key: 0. Turns are kept in
/// memory only: should two silos have one at a time, capacity is all it costs. What was explained is durable.
/// </summary>
[Alias("oj.ITrials")]
internal interface ITrialGrain : IGrainWithIntegerKey
{
    /// <summary>Asks for a turn, and waits a few seconds for it.</summary>
    /// <returns>For how long from now; null: not yet, ask again. Who has the turn is told what is left of it.</returns>
    [Alias("ask"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<TimeSpan?> Ask(SiloAddress silo);

    /// <summary>The turn is over before its time.</summary>
    [Alias("giveBack"), ResponseTimeout(AnswerTimeouts.Short)]
    Task GiveBack(SiloAddress silo);

    /// <summary>A job that was present when these silos were lost is about to be convicted. Durable when the task completes; partitions are told then.</summary>
    [Alias("explain"), ResponseTimeout(AnswerTimeouts.Short)]
    Task Explain(string[] silos);

    /// <summary>The silos whose loss is explained, the oldest first.</summary>
    [Alias("explained"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<string[]> GetExplained();
}
