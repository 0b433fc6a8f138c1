using OrleansJobs.Workers;

namespace OrleansJobs.Jobs;

/// <summary>What a job's grain keeps in grain storage: what the job has said, as opposed to what became of it, which is the partition's to keep.</summary>
[GenerateSerializer, Alias("oj.jobMemory")]
internal sealed class JobMemory
{
    /// <summary>The newest token heard from; older attempts are refused.</summary>
    [Id(0)] public long Token { get; set; }
    [Id(1)] public Progress Progress { get; set; }

    /// <summary>UTF-8 JSON; null: none was saved.</summary>
    [Id(2)] public byte[]? Checkpoint { get; set; }
}
