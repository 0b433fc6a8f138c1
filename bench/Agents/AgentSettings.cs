namespace OrleansJobs.Bench.Agents;

/// <summary>How an agent is to be started.</summary>
internal sealed record AgentSettings
{
    /// <summary><c>silo</c> runs jobs and can submit; <c>client</c> only submits.</summary>
    public required string Role { get; init; }
    public required int Redis { get; init; }
    public required string Name { get; init; }
    public required int Partitions { get; init; }

    /// <summary>0: the grid's default.</summary>
    public required int Slots { get; init; }

    /// <summary>A silo listens there; a client finds the silos in Redis.</summary>
    public required int GatewayPort { get; init; }

    /// <summary>0: without HTTP.</summary>
    public required int Http { get; init; }

    /// <summary>The file that the silo keeps its jobs in; null: it keeps them in Redis.</summary>
    public string? Sqlite { get; init; }

    /// <summary>Each commit to that file is synced to the disk.</summary>
    public bool Sync { get; init; }
}
