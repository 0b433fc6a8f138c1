using OrleansJobs.Logs;

namespace OrleansJobs.Partitions;

/// <summary>What jobs log, as their workers hand it in and as others read it.</summary>
internal sealed partial class JobPartitionGrain : IPartitionLogs, ILogIntake
{
    /// <summary>How long a reader of a log is kept who may have gone long ago; who has not asks again.</summary>
    private static readonly TimeSpan LongestLogWait = TimeSpan.FromSeconds(5);

    private LogDesk _logs = null!;

    public Task<LogAnswer[]> AppendLogs(LogLines[] attempts) => _logs.AppendAsync(attempts);

    public async Task<JobLogPage?> ReadLogs(string id, long? after, int limit, TimeSpan atMost)
    {
        if (limit is < 1 or > JobLogLimits.MaxLines) throw new ArgumentOutOfRangeException(nameof(limit), limit, $"1 to {JobLogLimits.MaxLines}.");
        var deadline = Now + (long)Math.Min(atMost.TotalMilliseconds, LongestLogWait.TotalMilliseconds);
        while (true)
        {
            // Signed up before looking, so that nothing falls between the two; who does not wait need not.
            using var reader = deadline > Now ? _logs.Listen(id, after ?? 0) : null;
            if (await FindAsync(id, withResult: false) is not { IsOverdue: false } found) return null;
            var page = await _logs.ReadAsync(found.Status, after, limit);
            var left = deadline - Now;
            if (page.Lines.Length > 0 || page.IsOver || left <= 0 || reader is null || _leaving || services.Closing.IsCancellationRequested) return page;
            try
            {
                await reader.News.WaitAsync(TimeSpan.FromMilliseconds(left), services.Time, services.Closing);
            }
            catch (Exception exception) when (exception is TimeoutException || (exception is OperationCanceledException && services.Closing.IsCancellationRequested))
            {
                return page;
            }
        }
    }
}
