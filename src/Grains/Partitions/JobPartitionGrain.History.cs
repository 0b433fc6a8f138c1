using OrleansJobs.Histories;

namespace OrleansJobs.Partitions;

/// <summary>History: what was counted here.</summary>
internal sealed partial class JobPartitionGrain : IPartitionHistory
{
    /// <summary>What one who leaves waits for the store to take the minute that goes on.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private HistoryDesk _history = null!;

    public Task<HistorySlice> ReadHistory(HistoryQuestion question) => CurrentAsync(() => _history.ReadAsync(question));

    /// <summary>The activation ends in good order: the next one goes on with all that was counted.</summary>
    private async Task WriteHistoryAsync(CancellationToken cancellation)
    {
        if (_commits is not { IsOver: false }) return;
        try
        {
            // What is under way is counted when it is stored.
            await _commits.Committed().WaitAsync(LastWords, services.Time, cancellation);
            _core.History.Leave(Now);
            await _commits.Committed().WaitAsync(LastWords, services.Time, cancellation);
        }
        catch (Exception exception)
        {
            // Counts of a minute are lost, as by a crash. Whatever it is, the activation ends.
            LogBackground(exception, _partition, "writing what was counted last");
        }
    }
}
