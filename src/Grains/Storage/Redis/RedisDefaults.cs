using StackExchange.Redis;
using StackExchange.Redis.Configuration;

namespace OrleansJobs.Storage;

/// <summary>What a silo's connection is where its connection string does not say otherwise.</summary>
internal sealed class RedisDefaults : DefaultOptionsProvider
{
    public static readonly RedisDefaults Instance = new();

    // A first connection that fails is no error: the store may come later than its silos.
    public override bool AbortOnConnectFail => false;

    public override int ConnectRetry => 3;

    public override TimeSpan? ConnectTimeout => TimeSpan.FromSeconds(5);

    public override TimeSpan SyncTimeout => TimeSpan.FromSeconds(5);

    public override TimeSpan KeepAliveInterval => TimeSpan.FromSeconds(10);

    // For ever, but without a storm of connections when the store comes back.
    public override IReconnectRetryPolicy ReconnectRetryPolicy => new ExponentialRetry(deltaBackOffMilliseconds: 100, maxDeltaBackOffMilliseconds: 5000);

    protected override string GetDefaultClientName() => "orleansjobs";
}
