namespace OrleansJobs.Bench.Processes;

/// <summary>What is on the disk when a submit or an outcome is acknowledged. What that is in the words of each contender is said in its <c>Synced</c>.</summary>
internal enum Durability
{
    /// <summary>In memory only, or in files that nobody waits for: what the peers' published figures use.</summary>
    None,

    /// <summary>Synced once a second, by and by: a crash of the machine takes about the last second.</summary>
    EverySec,

    /// <summary>Synced before it answers: nothing acknowledged is lost.</summary>
    Always,
}
