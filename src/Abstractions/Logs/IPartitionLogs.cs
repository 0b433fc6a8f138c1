namespace OrleansJobs;

/// <summary>What jobs have logged, as a partition keeps it. Key: the partition's number.</summary>
[Alias("oj.IPartitionLogs")]
internal interface IPartitionLogs : IGrainWithIntegerKey
{
    /// <summary>Lines of a job that are stored; null where there is no such job.</summary>
    /// <param name="after">Only lines with higher numbers, the first of them; null: the newest lines.</param>
    /// <param name="limit">At most so many; 1 to <see cref="JobLogLimits.MaxLines"/>.</param>
    /// <param name="atMost">Where there are none and the job goes on: how long to wait for some, up to 5 s: whoever waits longer asks again.</param>
    [Alias("read")]
    Task<JobLogPage?> ReadLogs(string id, long? after, int limit, TimeSpan atMost);
}

/// <summary>Bounds of what is kept of a job's log, whatever a silo is configured to.</summary>
public static class JobLogLimits
{
    /// <summary>Lines of a job.</summary>
    public const int MaxLines = 2000;

    /// <summary>Bytes of a job's lines.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Characters of one line.</summary>
    public const int MaxLineLength = 16384;
}
