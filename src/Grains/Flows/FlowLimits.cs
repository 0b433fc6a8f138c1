using System.ComponentModel.DataAnnotations;

namespace OrleansJobs.Hosting;

/// <summary>Bounds on what flows may start and remember. A flow that passes one fails with a code that says which.</summary>
public sealed class FlowLimits
{
    /// <summary>Steps and children with names of their own that one run remembers; <c>flow_too_long</c>.</summary>
    /// <value>Default 10,000.</value>
    [Range(1, 1_000_000)] public int MaxNames { get; set; } = 10_000;

    /// <summary>Bytes of what one run remembers; <c>flow_too_long</c>.</summary>
    /// <value>Default 8 MiB.</value>
    [Range(1 << 10, 1 << 30)] public long MaxBytes { get; set; } = 8 << 20;

    /// <summary>Children of one flow, over all its runs; <c>too_many_children</c>.</summary>
    /// <value>Default 1,000,000.</value>
    [Range(1, 100_000_000)] public int MaxChildren { get; set; } = 1_000_000;

    /// <summary>Flows that stand above each other; <c>too_deep</c>.</summary>
    /// <value>Default 32.</value>
    [Range(1, 1000)] public int MaxDepth { get; set; } = 32;

    /// <summary>Signals that a job keeps which no attempt has read; beyond it signals are refused.</summary>
    /// <value>Default 1,000.</value>
    [Range(1, 100_000)] public int MaxSignals { get; set; } = 1000;
}
