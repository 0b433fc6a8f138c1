using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace OrleansJobs.Storage;

/// <summary>Answers for the store.</summary>
[Reentrant]
internal sealed partial class StoreGrain(IPartitionStore store, ILogger<StoreGrain> logger) : Grain, IStoreGrain
{
    private readonly ILogger _logger = logger;

    public Task<StoreInfo> GetInfo() => Task.FromResult(new StoreInfo(store.Kind, store.Description));

    public async Task<StoreCopy> BackUp()
    {
        if (store is not SqlitePartitionStore file) return Refused($"Jobs are kept {store.Description}: copies are made with that store's own means.");
        if (!file.CanBackUp) return Refused("No folder for copies is configured (Store:BackupFolder).");
        try
        {
            var (name, bytes) = await file.BackUpAsync();
            LogCopied(name, bytes);
            return new(name, bytes, null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or Microsoft.Data.Sqlite.SqliteException)
        {
            LogFailed(exception);
            return Refused($"The copy could not be written: {exception.Message}");
        }
    }

    private static StoreCopy Refused(string reason) => new(null, 0, reason);

    [LoggerMessage(LogLevel.Information, "The store was copied to {Name}, {Bytes} bytes")]
    private partial void LogCopied(string name, long bytes);

    [LoggerMessage(LogLevel.Warning, "The store could not be copied")]
    private partial void LogFailed(Exception exception);
}
