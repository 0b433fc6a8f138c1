using OrleansJobs.Workers;

namespace OrleansJobs.Batches;

/// <summary>Attempts on this silo that run together, in one slot. Its state is the worker's, under its lock.</summary>
internal sealed class RunningBatch
{
    public RunningBatch(RunningJob[] members)
    {
        Members = members;
        foreach (var member in members) member.Batch = this;
    }

    /// <summary>The first of them stands for all while they wait for a slot.</summary>
    public RunningJob[] Members { get; }

    /// <summary>All of them have ended without their handler, which keeps the slot.</summary>
    public bool IsStuck { get; set; }

    /// <summary>Where exceptions were thrown that have ended members: one may end all of them, and to find out takes long.</summary>
    public Dictionary<Exception, JobTrace>? Traces { get; set; }
}
