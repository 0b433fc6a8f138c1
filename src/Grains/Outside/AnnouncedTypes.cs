using Microsoft.Extensions.Logging;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Storage;

namespace OrleansJobs.Outside;

/// <summary>
/// What types are said to be, as sessions go by it: read anew when something is said, and every few seconds for what was said while nobody could tell this silo.
/// </summary>
internal sealed partial class AnnouncedTypes(IPartitionStore store, TimeProvider time, ILogger<AnnouncedTypes> logger)
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(5);
    private readonly ILogger _logger = logger;
    private readonly Lock _gate = new();
    private Dictionary<string, JobTypeInfo> _types = [];
    private Task? _reading;
    private long _readAt;

    public JobTypeInfo? Find(string type) => Volatile.Read(ref _types).GetValueOrDefault(type);

    /// <summary>Reads them where they are old. The first time it is to be waited for.</summary>
    public Task FreshenAsync()
    {
        if (_readAt != 0 && time.GetElapsedTime(_readAt) < FreshFor) return Task.CompletedTask;
        Task reading;
        lock (_gate) reading = _reading ??= ReadAsync();
        return _readAt == 0 ? reading : Task.CompletedTask;
    }

    /// <summary>Something was said, and is stored.</summary>
    public async Task RenewAsync()
    {
        Task? earlier;
        lock (_gate) earlier = _reading;
        // It may have begun before that.
        if (earlier is not null) await earlier;
        Task reading;
        lock (_gate) reading = _reading ??= ReadAsync();
        await reading;
    }

    private async Task ReadAsync()
    {
        await Task.Yield();
        try
        {
            var rows = await store.ReadAsync(GridLayout.Types).ConfigureAwait(false);
            Volatile.Write(ref _types, rows.ToDictionary(row => row.Key, row => JobTypeRecord.Decode(row.Key, row.Value), StringComparer.Ordinal));
            // One that failed is none: what is not known would be taken for what was never said.
            Volatile.Write(ref _readAt, Math.Max(1, time.GetTimestamp()));
        }
        catch (Exception exception)
        {
            LogNotRead(exception);
        }
        finally
        {
            lock (_gate) _reading = null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "What job types are said to be could not be read")]
    private partial void LogNotRead(Exception exception);
}
