using RedisServer = OrleansJobs.Tests.Infrastructure.Redis.RedisServer;

namespace OrleansJobs.Tests.Cluster;

/// <summary>What ids are derived with is the store's: every silo says the same, also after all of them were stopped.</summary>
public sealed class GridSecretTests
{
    [Fact]
    public async Task TheSecret_OutlastsARestartOfAllSilos_AndNotTheStore()
    {
        await using var redis = await RedisServer.StartAsync();
        byte[] first, again;
        await using (var grid = await TestGrid.StartAsync(redis: redis)) first = (await grid.Grid.GetInfo()).IdSecret;
        await using (var grid = await TestGrid.StartAsync(redis: redis)) again = (await grid.Grid.GetInfo()).IdSecret;
        await using var other = await TestGrid.StartAsync();
        Assert.Equal(32, first.Length);
        Assert.Equal(first, again);
        Assert.NotEqual(first, (await other.Grid.GetInfo()).IdSecret);
    }
}
