using Orleans.Concurrency;

namespace OrleansJobs;

/// <summary>Questions about the grid as a whole. Key: 0.</summary>
[Alias("oj.IJobGrid")]
public interface IJobGridGrain : IGrainWithIntegerKey
{
    [Alias("info")]
    Task<GridInfo> GetInfo();

    /// <summary>Every type that a silo of this grid has, or has had, a handler for.</summary>
    [Alias("types")]
    Task<Immutable<JobTypeInfo[]>> GetJobTypes();

    [Alias("list")]
    Task<JobPage> List(JobQuery query);

    [Alias("stats")]
    Task<GridStats> GetStats();

    [Alias("queues")]
    Task<Immutable<QueueInfo[]>> GetQueues();

    /// <summary>What was done in the last two hours, or 30 days. Partitions that do not answer in time are left out, and counted.</summary>
    /// <exception cref="ArgumentException">The range is too long, or ends before it begins.</exception>
    [Alias("history")]
    Task<Immutable<JobHistory>> GetHistory(HistoryQuery query);

    /// <summary>No job of this queue is started until it is resumed; survives restarts. Running ones go on.</summary>
    /// <exception cref="GridOverloadedException">Too many queues are paused; this one is not.</exception>
    [Alias("pause")]
    Task<QueueInfo> Pause(string queue, ChangeOrder order);

    [Alias("resume")]
    Task<QueueInfo> Resume(string queue);

    /// <summary>Null: ready. Otherwise why not, such as the store being out of reach.</summary>
    [Alias("health")]
    Task<string?> GetTrouble();
}
