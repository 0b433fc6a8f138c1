using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;

namespace OrleansJobs.Tests.Storage.Redis;

public class RedisRegistrationTests(RedisFixture fixture) : IClassFixture<RedisFixture>
{
    [Fact]
    public async Task AddRedisPartitionStore_KeepsTheGridUnderTheServiceId()
    {
        await using var services = new ServiceCollection()
            .Configure<ClusterOptions>(options => options.ServiceId = "shop")
            .AddRedisPartitionStore(fixture.Server.ConnectionString)
            .BuildServiceProvider();
        await services.GetRequiredService<IPartitionStore>().OpenGridAsync(8);

        Assert.Equal(8, await services.GetRequiredService<IConnectionMultiplexer>().GetDatabase().HashGetAsync("oj:{shop}:grid", "partitions"));
    }

    [Fact]
    public async Task AddRedisPartitionStore_UsesTheConnectionThatIsThere()
    {
        await using var redis = await RedisConnection.ConnectAsync(fixture.Server.ConnectionString);
        await using var services = new ServiceCollection().AddSingleton(redis).AddRedisPartitionStore("nowhere.invalid:1").BuildServiceProvider();
        Assert.Same(redis, services.GetRequiredService<IConnectionMultiplexer>());
    }

    [Fact]
    public void Options_WhereTheConnectionStringSaysNothing_AreThoseOfASilo()
    {
        var options = RedisConnection.Options("redis:6379");

        Assert.False(options.AbortOnConnectFail);
        Assert.Equal((5000, 5000, 5000), (options.AsyncTimeout, options.SyncTimeout, options.ConnectTimeout));
        Assert.Equal((10, 3), (options.KeepAlive, options.ConnectRetry));
        Assert.IsType<ExponentialRetry>(options.ReconnectRetryPolicy);
    }

    [Fact]
    public void Options_WhereTheConnectionStringSaysOtherwise_AreItsOwn()
    {
        var options = RedisConnection.Options("redis:6379,abortConnect=true,asyncTimeout=700,syncTimeout=800,connectTimeout=900,keepAlive=33,connectRetry=9,name=me,ssl=true,password=p");

        Assert.True(options.AbortOnConnectFail);
        Assert.Equal((700, 800, 900), (options.AsyncTimeout, options.SyncTimeout, options.ConnectTimeout));
        Assert.Equal((33, 9, "me"), (options.KeepAlive, options.ConnectRetry, options.ClientName));
        Assert.Equal((true, "p"), (options.Ssl, options.Password));
    }
}
