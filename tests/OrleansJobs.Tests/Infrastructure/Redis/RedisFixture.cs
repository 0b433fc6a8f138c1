namespace OrleansJobs.Tests.Infrastructure.Redis;

/// <summary>One redis-server for all tests of a class: <c>IClassFixture&lt;RedisFixture&gt;</c>. Tests keep apart by key prefix.</summary>
public sealed class RedisFixture : IAsyncLifetime
{
    private RedisServer? _server;

    public RedisServer Server => _server ?? throw new InvalidOperationException("The fixture has not been initialized.");

    public async Task InitializeAsync() => _server = await RedisServer.StartAsync();

    public async Task DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }
}
