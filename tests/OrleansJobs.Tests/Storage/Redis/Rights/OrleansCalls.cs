using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Messaging;
using Orleans.Storage;
using OrleansJobs.Hosting;
using OrleansJobs.Jobs;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Storage.Redis.Rights;

/// <summary>All that Orleans' own parts ask of Redis: membership, reminders, grain storage, and the clients' list of silos.</summary>
internal static class OrleansCalls
{
    private const string Service = "orleansjobs";

    public static async Task EachOfASiloAsync(string connection)
    {
        using var host = new HostBuilder().UseOrleans((_, silo) =>
        {
            silo.Configure<ClusterOptions>(Name).UseRedisJobStore(connection);
            // Fakes of grain contracts elsewhere among the tests would be taken for grains.
            silo.Services.PostConfigure<GrainTypeOptions>(types => types.Classes.RemoveWhere(type => type.Assembly == typeof(OrleansCalls).Assembly));
        }).Build();
        await EachAsync(host.Services.GetRequiredService<IMembershipTable>());
        await EachAsync(host.Services.GetRequiredService<IReminderTable>());
        var storage = host.Services.GetRequiredKeyedService<IGrainStorage>(JobGrain.StorageName);
        var lifecycle = new FakeLifecycle();
        ((ILifecycleParticipant<ISiloLifecycle>)storage).Participate(lifecycle);
        await lifecycle.StartAsync();
        await EachAsync(storage);
    }

    /// <summary>Of a gateway in a process of its own.</summary>
    public static async Task EachOfAClientAsync(string connection)
    {
        using var host = new HostBuilder()
            .UseOrleansClient((_, client) => client.Configure<ClusterOptions>(Name).UseRedisClustering(options => options.ConfigurationOptions = StackExchange.Redis.ConfigurationOptions.Parse(connection)))
            .Build();
        var silos = host.Services.GetRequiredService<IGatewayListProvider>();
        await silos.InitializeGatewayListProvider();
        await silos.GetGateways();
    }

    private static async Task EachAsync(IMembershipTable table)
    {
        await table.InitializeMembershipTable(true);
        var silo = new MembershipEntry
        {
            SiloAddress = SiloAddress.New(IPAddress.Loopback, 11111, Random.Shared.Next(1, int.MaxValue)), HostName = "host", SiloName = "silo", Status = SiloStatus.Joining,
            StartTime = DateTime.UnixEpoch, IAmAliveTime = DateTime.UnixEpoch, SuspectTimes = [],
        };
        Assert.True(await table.InsertRow(silo, (await table.ReadAll()).Version.Next()));
        // Somebody else was first: the client takes back what it had begun.
        Assert.False(await table.InsertRow(silo, (await table.ReadAll()).Version.Next()));
        var read = await table.ReadRow(silo.SiloAddress);
        silo.Status = SiloStatus.Dead;
        Assert.True(await table.UpdateRow(silo, read.Members[0].Item2, read.Version.Next()));
        await table.UpdateIAmAlive(silo);
        await table.CleanupDefunctSiloEntries(DateTimeOffset.UnixEpoch.AddYears(1));
        Assert.DoesNotContain((await table.ReadAll()).Members, member => member.Item1.SiloAddress.Equals(silo.SiloAddress));
    }

    private static async Task EachAsync(IReminderTable table)
    {
        await table.StartAsync();
        var grain = GrainId.Create("partition", "1");
        var tag = await table.UpsertRow(new() { GrainId = grain, ReminderName = "wake", StartAt = DateTime.UnixEpoch, Period = TimeSpan.FromMinutes(1) });
        Assert.NotNull(await table.ReadRow(grain, "wake"));
        Assert.Single((await table.ReadRows(grain)).Reminders);
        await table.ReadRows(0, uint.MaxValue);
        await table.ReadRows(uint.MaxValue, 5);
        Assert.True(await table.RemoveRow(grain, "wake", tag));
    }

    private static async Task EachAsync(IGrainStorage storage)
    {
        var grain = GrainId.Create("job", "1");
        var state = new GrainState<JobMemory>(new());
        await storage.ReadStateAsync("job", grain, state);
        await storage.WriteStateAsync("job", grain, state);
        await storage.WriteStateAsync("job", grain, state);
        await storage.ReadStateAsync("job", grain, state);
        await storage.ClearStateAsync("job", grain, state);
    }

    private static void Name(ClusterOptions options) => (options.ClusterId, options.ServiceId) = (Service, Service);
}
