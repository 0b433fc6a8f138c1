using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Metadata;
using Orleans.Storage;
using OrleansJobs.Diagnostics;
using OrleansJobs.Histories;
using OrleansJobs.HttpCalls;
using OrleansJobs.Jobs;
using OrleansJobs.Logs;
using OrleansJobs.Membership;
using OrleansJobs.Partitions;
using OrleansJobs.Schedules;
using OrleansJobs.Storage;
using OrleansJobs.Topics;
using OrleansJobs.Webhooks;
using OrleansJobs.Workers;

namespace OrleansJobs.Hosting;

public static class JobGridHosting
{
    /// <summary>
    /// Makes a silo part of a job grid: partitions, job grains, and a worker for the handlers registered here. Options come from section
    /// <c>JobGrid</c> of the configuration. Jobs are kept in memory unless <see cref="RedisHosting.UseRedisJobStore"/> is called.
    /// </summary>
    /// <exception cref="JobRegistrationException">A handler's registration is wrong; thrown when the silo is built.</exception>
    public static ISiloBuilder AddJobGrid(this ISiloBuilder silo, Action<JobGridBuilder> jobs, Action<JobGridOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        var builder = new JobGridBuilder();
        jobs(builder);
        builder.AddOwn();
        var services = silo.Services;
        var options = services.AddOptions<JobGridOptions>().BindConfiguration(JobGridOptions.Section).ValidateOnStart();
        if (configure is not null) options.Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<JobGridOptions>, JobGridOptionsValidator>());
        // The host's own default, 30 s, would cut a drain off.
        services.AddOptions<HostOptions>().PostConfigure<IOptions<JobGridOptions>>((host, grid) =>
            host.ShutdownTimeout = host.ShutdownTimeout > grid.Value.ShutdownTime ? host.ShutdownTimeout : grid.Value.ShutdownTime);
        services.TryAddSingleton(TimeProvider.System);
        services.AddJobDiagnostics();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ILoggerProvider, AttemptLogProvider>());
        services.AddSingleton(provider => builder.Build(provider.GetRequiredService<IOptions<JobGridOptions>>().Value));
        services.AddSingleton(provider => builder.BuildSchedules(
            provider.GetRequiredService<IOptions<JobGridOptions>>().Value, provider.GetRequiredService<HandlerRegistry>(), provider.GetRequiredService<TimeProvider>().GetUtcNow()));
        services.TryAddSingleton<HostLookup>(Dns.GetHostAddressesAsync);
        services.AddSingleton(provider =>
        {
            var (grains, grid) = (provider.GetRequiredService<IGrainFactory>(), provider.GetRequiredService<IOptions<JobGridOptions>>());
            return new BindingCache(() => grains.GetGrain<IPartitionTopics>(TopicHome.Of(grid.Value.Partitions)));
        });
        services.AddSingleton<HttpCaller>();
        services.AddSingleton(static provider =>
        {
            var options = provider.GetRequiredService<IOptions<JobGridOptions>>().Value;
            var (all, perHost) = options.Webhooks.CallsOf(options.Slots);
            return new CallGate(all, perHost);
        });
        services.AddSingleton<IProgressListeners, ProgressCalls>();
        services.AddSingleton<GridHealth>();
        services.TryAddSingleton<IPartitionStore>(MemoryStore);
        services.AddSingleton<KnownGenerations>();
        services.AddSingleton<PartitionServices>();
        services.AddSingleton<NumberedGrains<IJobPartitionGrain>>();
        services.AddJobWorker();
        services.AddHostedService<DrainBeforeStop>();
        services.AddJobClient();
        AddLifecycle<GridOpener>(services);
        AddLifecycle<PartitionKeeper>(services);
        AddLifecycle<SiloChronicler>(services);
        AddLifecycle<SiloAdoption>(services);
        AddLifecycle<StandstillGuard>(services);
        services.AddSingleton<SiloKnock>();
        services.AddSingleton<Greetings>();
        services.AddSingleton<ISiloWitnesses, SiloWitnesses>();
        services.AddGrainService<SiloWitness>();
        AddLifecycle<RefusalWatch>(services);
        AddLifecycle<ClockGuard>(services);
        AddLifecycle<PausedQueues>(services);
        AddLifecycle<ScheduleDeclarer>(services);
        services.AddSingleton<IGrainPropertiesProvider, GridMark>();
        silo.PlacePartitions();
        silo.UseMembershipOfJobGrid();
        silo.Configure<SiloMessagingOptions>(options => options.SystemResponseTimeout = AnswerTimeouts.System);
        return silo;
    }

    /// <summary>
    /// For a silo that does not host the grid, in a cluster of silos that do: it can call the grid (<see cref="IJobClient"/> is added), and hands on the
    /// calls of clients that are connected to it. A silo that neither hosts the grid nor makes this call can be in the cluster, but must not take
    /// clients of the grid in: it does not know where partitions are to live.
    /// </summary>
    public static ISiloBuilder UseJobGridElsewhere(this ISiloBuilder silo)
    {
        // Their assembly is here, but not what they need.
        silo.Services.PostConfigure<GrainTypeOptions>(types => types.Classes.RemoveWhere(type => type.Assembly == typeof(JobGridHosting).Assembly));
        silo.Services.AddJobClient();
        silo.PlacePartitions();
        return silo;
    }

    /// <summary>
    /// Keeps the grid in this process's memory: jobs, checkpoints and reminders are gone with it. For development, tests, and work that may be lost.
    /// </summary>
    public static ISiloBuilder UseMemoryJobStore(this ISiloBuilder silo)
    {
        silo.UseInMemoryReminderService();
        silo.AddMemoryGrainStorage(JobGrain.StorageName);
        silo.Services.Replace(ServiceDescriptor.Singleton<IPartitionStore>(MemoryStore));
        return silo;
    }

    /// <summary>A silent silo is declared dead in under ten seconds; one that is merely slow for eight is not. Where the process has ended, <see cref="RefusalWatch"/> is faster.</summary>
    private static void UseMembershipOfJobGrid(this ISiloBuilder silo) => silo.Configure<ClusterMembershipOptions>(options =>
    {
        options.ProbeTimeout = TimeSpan.FromSeconds(3);
        options.NumMissedProbesLimit = 3;
        // Asking a third silo takes as long as the asker waits for its answer: a silo that is silent rather than gone was given up after 20 to 40 s.
        // What it was to prevent, a death by one silo's bad connection alone, the second vote prevents as well.
        options.EnableIndirectProbes = false;
        options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
        options.DefunctSiloExpiration = TimeSpan.FromDays(1);
    });

    private static IPartitionStore MemoryStore(IServiceProvider services) => new MemoryPartitionStore(GridLayout.Layout, services.GetRequiredService<TimeProvider>());

    private static void PlacePartitions(this ISiloBuilder silo)
    {
        silo.Services.AddSingleton<GridSilos>();
        silo.AddPlacementDirector<PartitionPlacement, PartitionPlacementDirector>();
    }

    private static void AddLifecycle<T>(IServiceCollection services) where T : class, ILifecycleParticipant<ISiloLifecycle>
    {
        services.AddSingleton<T>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<T>());
    }
}
