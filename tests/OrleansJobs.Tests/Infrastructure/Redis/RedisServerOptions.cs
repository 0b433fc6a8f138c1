namespace OrleansJobs.Tests.Infrastructure.Redis;

/// <summary>How a test wants its redis-server. The default keeps nothing on disk and has no memory limit.</summary>
public sealed record RedisServerOptions
{
    /// <summary>What redis-server takes for <c>maxmemory</c>, such as <c>64mb</c>; null: no limit.</summary>
    public string? MaxMemory { get; init; }

    /// <summary>What happens at the limit; only <c>noeviction</c> is fit for jobs.</summary>
    public string MaxMemoryPolicy { get; init; } = "noeviction";

    /// <summary>Keeps an append-only file in the server's directory, so that data outlives a restart.</summary>
    public bool AppendOnly { get; init; }

    /// <summary>When the append-only file is synced: <c>always</c>, <c>everysec</c> or <c>no</c>.</summary>
    public string AppendFsync { get; init; } = "always";

    /// <summary>A folder with <c>tls.crt</c>, <c>tls.key</c> and <c>ca.crt</c>: it speaks TLS alone, and asks clients for certificates. Null: plain TCP.</summary>
    public string? Certificates { get; init; }

    /// <summary>Further arguments of redis-server, such as <c>--loglevel debug</c>.</summary>
    public string[] More { get; init; } = [];
}
