using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Runtime.Hosting;
using OrleansJobs.Jobs;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Hosting;

public static class SqliteHosting
{
    /// <summary>
    /// Keeps everything of the grid in a file of this process: jobs, checkpoints and pauses outlive it, also where it is killed. For a silo that stands alone;
    /// several silos share a Redis (<see cref="RedisHosting.UseRedisJobStore"/>). Options come from section <c>Store</c> of the configuration.
    /// </summary>
    /// <exception cref="UnfitStoreException">At start: another process has the file, or it cannot be written, or is damaged, or of another release.</exception>
    public static ISiloBuilder UseSqliteJobStore(this ISiloBuilder silo, Action<SqliteStoreOptions>? configure = null)
    {
        var services = silo.Services;
        var options = services.AddOptions<SqliteStoreOptions>().BindConfiguration(SqliteStoreOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SqliteStoreOptions>, SqliteStoreOptionsValidator>());
        if (configure is not null) options.PostConfigure(configure);
        // Last, so that it holds for what code says as well: the folder that a process happens to be started in is nobody's choice.
        options.PostConfigure<IHostEnvironment>(static (store, host) =>
        {
            store.Path = Under(host.ContentRootPath, store.Path)!;
            store.BackupFolder = Under(host.ContentRootPath, store.BackupFolder);
        });
        // A partition's reminder only wakes it, which the start of a lone silo does as well.
        silo.UseInMemoryReminderService();
        services.RemoveAll<IPartitionStore>();
        services.AddSingleton(provider => new SqlitePartitionStore(
            GridLayout.Layout, provider.GetRequiredService<IOptions<SqliteStoreOptions>>().Value, provider.GetRequiredService<TimeProvider>())
        {
            Log = provider.GetRequiredService<ILogger<SqlitePartitionStore>>(),
        });
        services.AddSingleton<IPartitionStore>(provider => provider.GetRequiredService<SqlitePartitionStore>());
        services.AddGrainStorage(JobGrain.StorageName, (provider, _) => new SqliteGrainStorage(provider.GetRequiredService<SqlitePartitionStore>()));
        return silo;
    }

    /// <summary>What is empty stays so: it means none, or is refused.</summary>
    private static string? Under(string root, string? path) => string.IsNullOrWhiteSpace(path) ? path : Path.Combine(root, path);
}
