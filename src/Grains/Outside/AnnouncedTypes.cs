using Microsoft.Extensions.Logging;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Storage;

namespace OrleansJobs.Outside;

/// <summary>What types are said to be, as sessions go by it: a few seconds old, and older while the store is away.</summary>
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
        lock (_gate) _reading ??= ReadAsync();
        return _readAt == 0 ? _reading : Task.CompletedTask;
    }

    private async Task ReadAsync()
    {
        await Task.Yield();
        try
        {
            var rows = await store.ReadAsync(GridLayout.Types).ConfigureAwait(false);
            Volatile.Write(ref _types, rows.ToDictionary(row => row.Key, row => JobTypeRecord.Decode(row.Key, row.Value), StringComparer.Ordinal));
        }
        catch (Exception exception)
        {
            LogNotRead(exception);
        }
        finally
        {
            Volatile.Write(ref _readAt, Math.Max(1, time.GetTimestamp()));
            lock (_gate) _reading = null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "What job types are said to be could not be read")]
    private partial void LogNotRead(Exception exception);
}
