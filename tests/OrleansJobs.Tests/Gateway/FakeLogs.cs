namespace OrleansJobs.Tests.Gateway;

/// <summary>A partition whose jobs have logged nothing.</summary>
internal sealed class FakeLogs(Func<string, JobStatus?> find, Func<Func<long?, TimeSpan, Task<JobLogPage?>>?> reads) : IPartitionLogs
{
    public Task<JobLogPage?> ReadLogs(string id, long? after, int limit, TimeSpan atMost) => reads() is { } read ? read(after, atMost) :
        Task.FromResult(find(id) is { } status ? new JobLogPage { Next = after ?? 0, IsOver = status.IsFinished, Queue = status.Queue, Tags = status.Tags, SubmittedAt = status.SubmittedAt } : null);
}
