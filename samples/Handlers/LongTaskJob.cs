namespace OrleansJobs.Samples;

/// <param name="Steps">1 to 10,000; absent: 10 to 50, by chance.</param>
/// <param name="StepMs">Length of a step in milliseconds, 0 to 60,000; absent: 1,000.</param>
public sealed record LongTaskArgs(int? Steps = null, int? StepMs = null);

/// <summary>The long task of the tutorials: it does nothing, step by step, and says how far it is.</summary>
[Job("longtask", Description = "Pretends to work: 10 to 50 steps of a second unless told otherwise. Ends with 42.")]
public sealed class LongTaskJob(TimeProvider time) : IJob<LongTaskArgs?, int>
{
    public const int MaxSteps = 10_000;
    public const int MaxStepMs = 60_000;
    private const int Answer = 42;

    public async Task<int> RunAsync(LongTaskArgs? args, JobContext job, CancellationToken cancellation)
    {
        // Seeded by the id, so that a job that is run again has as many steps as it had.
        var chance = new Random(JobIds.PartitionOf(job.Id, int.MaxValue));
        var steps = Limits.Check("steps", args?.Steps ?? chance.Next(10, 51), 1, MaxSteps);
        var stepMs = Limits.Check("stepMs", args?.StepMs ?? 1000, 0, MaxStepMs);
        for (var step = 0; step < steps; step++)
        {
            job.Report(step, steps, Phrase.Make(chance));
            await Task.Delay(TimeSpan.FromMilliseconds(stepMs), time, cancellation);
        }

        job.Report(steps, steps, "Task completed!");
        return Answer;
    }
}
