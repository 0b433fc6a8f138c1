using StackExchange.Redis;

namespace OrleansJobs.Storage;

/// <summary>Makes the one connection to Redis that everything in a process shares.</summary>
public static class RedisConnection
{
    /// <summary>Options of a connection string, with the defaults that a silo needs where it does not say otherwise.</summary>
    /// <remarks>
    /// Defaults: commands time out after 5 s, connecting after 5 s; a lost connection is tried again for ever, after 100 ms at first and up to 5 s; a silent
    /// one is probed after 10 s; a first connection that fails is no error.
    /// </remarks>
    public static ConfigurationOptions Options(string connectionString)
    {
        var options = ConfigurationOptions.Parse(connectionString);
        options.Defaults = RedisDefaults.Instance;
        // Not on threads of its own: those are asleep when a reply comes, and whoever waits for it is on the thread pool in any case.
        options.SocketManager = SocketManager.ThreadPool;
        return options;
    }

    public static async Task<IConnectionMultiplexer> ConnectAsync(string connectionString) =>
        await ConnectionMultiplexer.ConnectAsync(Options(connectionString)).ConfigureAwait(false);

    /// <summary>Waits up to the connect time-out for a first connection, and goes on connecting behind the scenes.</summary>
    public static IConnectionMultiplexer Connect(string connectionString) => ConnectionMultiplexer.Connect(Options(connectionString));
}
