using System.ComponentModel.DataAnnotations;

namespace OrleansJobs.Hosting;

/// <summary>How a silo keeps the sessions of workers outside of the silos. Section <c>JobGrid:Outside</c> of the configuration.</summary>
public sealed class OutsideOptions
{
    /// <summary>How often at least a worker calls. A session that was silent for three times as long is dead: its jobs run again, as after the loss of a silo.</summary>
    /// <value>Default 10 s; at most 1 minute.</value>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Sessions that the silo keeps at a time; a worker that would open another is told to come later.</summary>
    /// <value>Default 1,000.</value>
    [Range(1, 100_000)] public int MaxSessions { get; set; } = 1000;

    /// <summary>Leases that a session holds at a time; at the bound it is given no more.</summary>
    /// <value>Default 1,000.</value>
    [Range(1, 10_000)] public int MaxHeld { get; set; } = 1000;

    /// <summary>The longest heartbeat: a call that waits is answered within it, and callers wait for answers for a time that is fixed.</summary>
    internal static readonly TimeSpan MaxHeartbeat = TimeSpan.FromMinutes(1);

    /// <summary>Heartbeats without a call after which a session is dead.</summary>
    internal const int SilentHeartbeats = 3;

    internal TimeSpan Silence => Heartbeat * SilentHeartbeats;
}
