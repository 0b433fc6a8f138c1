using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Core.Internal;
using OrleansJobs.Diagnostics;
using OrleansJobs.Faults.Sinks;
using OrleansJobs.Gateway;
using OrleansJobs.Hosting;
using OrleansJobs.Telemetry;

namespace OrleansJobs.Faults.Silos;

/// <summary>A silo as any application builds one, with gateway and Redis, whose handlers write to the sink and misbehave on request.</summary>
internal static class SiloHost
{
    private static readonly TimeSpan StopMargin = TimeSpan.FromSeconds(20);

    public static async Task RunAsync(string[] args)
    {
        EndWithStandardInput();
        var builder = WebApplication.CreateBuilder(args);
        var configuration = builder.Configuration;
        builder.Logging.ClearProviders().AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        });
        builder.Logging.SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Orleans", LogLevel.Warning)
            .AddFilter("Orleans.Runtime.MembershipService", LogLevel.Information).AddFilter("OrleansJobs", LogLevel.Information);
        var drain = configuration.GetValue("JobGrid:DrainTime", new JobGridOptions().DrainTime);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = drain + StopMargin);
        builder.Services.AddSingleton(new SinkWriter(configuration["Faults:Sink"]!, configuration["Faults:Life"]!));
        if (configuration["Faults:Clock"] is { Length: > 0 } clock) builder.Services.AddSingleton<TimeProvider>(ClockFile.Follow(clock));
        builder.AddJobTelemetry("orleansjobs-silo");
        builder.Services.AddJobGateway(configuration, gateway => gateway.AllowAnonymous = true);
        if (configuration["Faults:Sabotage"] is { Length: > 0 } safeguard) Sabotage.TurnOff(Enum.Parse<Safeguard>(safeguard));
        if (configuration.GetValue<double>("Faults:LoseNotices") is > 0 and var share) LostNotices.Lose(share);
        builder.UseOrleans(silo =>
        {
            var sink = new Lazy<SinkWriter>(() => silo.Services.Where(service => service.ServiceType == typeof(SinkWriter)).Select(service => (SinkWriter)service.ImplementationInstance!).Single());
            Join(silo, configuration);
            silo.AddJobGrid(jobs => FaultHandlers.Add(jobs, sink.Value, configuration.GetValue<bool>("Faults:NewType")));
        });

        var app = builder.Build();
        app.MapJobs();
        app.MapJobMetrics();
        app.MapPost("/faults/crash", (string point, int hit) => CrashPoints.Arm(point, hit));
        app.MapGet("/faults/points", () => CrashPoints.Hits);
        app.MapGet("/faults/dead", (string silo, IClusterMembershipService membership) => IsGivenUp(membership.CurrentSnapshot, silo));
        app.MapPost("/faults/reopen", ReopenAsync);
        if (configuration["Faults:CrashAt"] is { Length: > 0 } point) CrashPoints.Arm(point, hit: 2);
        CrashPoints.Watch();
        await app.RunAsync();
    }

    /// <summary>Ends the activation of every partition of the grid, and brings each to life again: each opens anew.</summary>
    private static Task ReopenAsync(IGrainFactory grains, IOptions<JobGridOptions> options) =>
        Task.WhenAll(Enumerable.Range(0, options.Value.Partitions).Select(async number =>
        {
            var partition = grains.GetGrain<IJobPartitionGrain>(number);
            await partition.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
            await partition.GetStats();
        }));

    /// <summary>Whether none of the lives of a silo counts as alive any more.</summary>
    private static bool IsGivenUp(ClusterMembershipSnapshot members, string silo) =>
        members.Members.Values.Where(member => member.Name == silo).All(member => member.Status == SiloStatus.Dead);

    private static void Join(ISiloBuilder silo, IConfiguration configuration)
    {
        silo.Configure<ClusterOptions>(options =>
        {
            options.ClusterId = configuration["Orleans:ClusterId"]!;
            options.ServiceId = configuration["Orleans:ServiceId"]!;
        });
        silo.Configure<SiloOptions>(options => options.SiloName = configuration["Silo:Name"]!);
        if (configuration.GetValue<int>("Silo:ProbeSeconds") is > 0 and var seconds)
            silo.Services.PostConfigure<ClusterMembershipOptions>(options => options.ProbeTimeout = TimeSpan.FromSeconds(seconds));
        if (configuration["Store:Path"] is { Length: > 0 })
        {
            silo.UseLocalhostClustering(configuration.GetValue<int>("Silo:Port"), configuration.GetValue<int>("Silo:GatewayPort"), serviceId: configuration["Orleans:ServiceId"]!, clusterId: configuration["Orleans:ClusterId"]!);
            silo.UseSqliteJobStore();
            return;
        }

        silo.UseRedisJobStore(configuration.GetConnectionString("redis")!);
        silo.ConfigureEndpoints(IPAddress.Parse(configuration["Silo:Address"]!), configuration.GetValue<int>("Silo:Port"), configuration.GetValue<int>("Silo:GatewayPort"));
    }

    /// <summary>The driver holds the other end: when it is gone, however it went, so is this process.</summary>
    internal static void EndWithStandardInput()
    {
        var thread = new Thread(() =>
        {
            while (Console.In.Read() >= 0)
            {
            }

            Environment.Exit(99);
        }) { IsBackground = true, Name = "parent" };
        thread.Start();
    }
}
