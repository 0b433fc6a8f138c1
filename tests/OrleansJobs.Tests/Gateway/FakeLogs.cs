namespace OrleansJobs.Tests.Gateway;

/// <summary>A partition whose jobs have logged nothing.</summary>
internal sealed class FakeLogs(Func<string, JobStatus?> find) : IPartitionLogs
{
    public Task<JobLogPage?> ReadLogs(string id, long? after, int limit, TimeSpan atMost) =>
        Task.FromResult(find(id) is { } status ? new JobLogPage { Next = after ?? 0, IsOver = status.IsFinished } : null);
}
