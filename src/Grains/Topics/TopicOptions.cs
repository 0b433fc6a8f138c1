using System.ComponentModel.DataAnnotations;

namespace OrleansJobs.Hosting;

/// <summary>Bounds of topics. Section <c>JobGrid:Topics</c> of the configuration.</summary>
public sealed class TopicOptions
{
    /// <summary>Bindings of the grid. Each silo has all of them in memory.</summary>
    /// <value>Default 100,000.</value>
    [Range(1, 1_000_000)] public int MaxBindings { get; set; } = 100_000;

    /// <summary>Bytes of all bindings together, their arguments included.</summary>
    /// <value>Default 64 MiB.</value>
    [Range(1 << 10, 1 << 30)] public long MaxBindingBytes { get; set; } = 64 << 20;

    /// <summary>Jobs of one event. One that more bindings fit is refused. They are one commit, during which the store serves nobody else.</summary>
    /// <value>Default 5,000.</value>
    [Range(1, 10_000)] public int MaxJobsPerEvent { get; set; } = 5000;

    /// <summary>Bytes of the arguments of all jobs of one event together.</summary>
    /// <value>Default 4 MiB.</value>
    [Range(1 << 10, 16 << 20)] public int MaxBytesPerEvent { get; set; } = 4 << 20;
}
