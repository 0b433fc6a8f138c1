using Microsoft.Extensions.Options;
using OrleansJobs.Hosting;

namespace OrleansJobs.Actions;

/// <summary>An action: a job like any other, so that it can be watched, cancelled, and outlives its silo.</summary>
[Job(ActionArgs.JobType, Queue = ActionArgs.RunQueue, Attempts = 20, Description = "Does one thing to many jobs.")]
internal sealed class ActionJob(IGrainFactory grains, IOptions<JobGridOptions> options, TimeProvider time) : IJob<ActionArgs, JobActionResult>
{
    public Task<JobActionResult> RunAsync(ActionArgs args, JobContext job, CancellationToken cancellation) =>
        new ActionRun(args, job, grains, options.Value.Partitions, time, cancellation).RunAsync();
}
