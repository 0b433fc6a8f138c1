using System.Text.Json.Nodes;
using OrleansJobs.Bench.Processes;
using OrleansJobs.Gateway;
using OrleansJobs.Hosting;
using OrleansJobs.Storage;
using Orleans.Clustering.Redis;
using Orleans.Configuration;
using StackExchange.Redis;

namespace OrleansJobs.Bench.Agents;

/// <summary>The processes of our side: a web application that hosts a silo, as a user's would, and an Orleans client.</summary>
internal static class AgentHost
{
    private const string ClusterId = "bench";

    public static async Task RunSiloAsync(AgentSettings settings)
    {
        var jobs = new BenchJobs(TimeProvider.System);
        var flows = new BenchFlows(TimeProvider.System);
        var builder = WebApplication.CreateBuilder();
        Quieten(builder.Logging);
        builder.WebHost.UseUrls($"http://127.0.0.1:{(settings.Http > 0 ? settings.Http : FreePort.Next())}");
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(ClusterOf);
            silo.Configure<SiloOptions>(options => options.SiloName = settings.Name);
            if (settings.Sqlite is { } file)
            {
                silo.UseLocalhostClustering(FreePort.Next(), settings.GatewayPort, serviceId: ClusterId, clusterId: ClusterId);
                silo.UseSqliteJobStore(store => (store.Path, store.Durability) = (file, settings.Sync ? SqliteDurability.Full : SqliteDurability.Normal));
            }
            else
            {
                silo.ConfigureEndpoints("127.0.0.1", FreePort.Next(), settings.GatewayPort, listenOnAnyHostAddress: false);
                silo.UseRedisJobStore($"127.0.0.1:{settings.Redis}");
            }

            silo.AddJobGrid(Register, options =>
            {
                options.Partitions = settings.Partitions;
                // A million of them are not spread over the partitions to the last.
                options.MaxSchedules = 10_000_000;
                if (settings.Slots > 0) options.Slots = settings.Slots;
            });
        });
        if (settings.Http > 0) builder.Services.AddJobGateway(builder.Configuration);
        void Register(JobGridBuilder grid)
        {
            jobs.Register(grid);
            flows.Register(grid);
        }

        await using var app = builder.Build();
        if (settings.Http > 0) app.MapJobs();
        await app.StartAsync();
        await ServeAsync(app.Services, new SiloOps(jobs, flows).All, settings);
        await app.StopAsync();
    }

    public static async Task RunClientAsync(AgentSettings settings)
    {
        var builder = Host.CreateApplicationBuilder();
        Quieten(builder.Logging);
        builder.UseOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(ClusterOf);
            client.UseRedisClustering(options => options.ConfigurationOptions = ConfigurationOptions.Parse($"127.0.0.1:{settings.Redis}"));
        });
        builder.Services.AddJobClient();
        using var host = builder.Build();
        await host.StartAsync();
        await ServeAsync(host.Services, [], settings);
        await host.StopAsync();
    }

    private static async Task ServeAsync(IServiceProvider services, IEnumerable<KeyValuePair<string, Func<System.Text.Json.JsonElement, Task<JsonObject>>>> more, AgentSettings settings)
    {
        var (jobs, grains) = (services.GetRequiredService<IJobClient>(), services.GetRequiredService<IGrainFactory>());
        var submit = new SubmitOps(jobs, grains, TimeProvider.System).All;
        var flows = new FlowOps(jobs, grains, TimeProvider.System).All;
        var schedules = new ScheduleOps(jobs).All;
        var topics = new TopicOps(jobs).All;
        var reminders = new ReminderOps(grains).All;
        var loop = new AgentLoop(submit.Concat(flows).Concat(schedules).Concat(topics).Concat(reminders).Concat(more).ToDictionary());
        await loop.RunAsync(new JsonObject { ["http"] = settings.Http }, Console.In, Console.Out);
    }

    /// <summary>Standard output belongs to the answers; what goes wrong is said on standard error.</summary>
    private static void Quieten(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(LogLevel.Warning);
        logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    private static void ClusterOf(ClusterOptions options) => (options.ClusterId, options.ServiceId) = (ClusterId, ClusterId);
}
