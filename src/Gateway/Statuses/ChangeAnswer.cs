using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Statuses;

/// <summary>What became of a change of one job, as the answer to whoever asked for it.</summary>
internal static class ChangeAnswer
{
    /// <param name="wrongState">What is said of a job whose state does not allow it.</param>
    /// <exception cref="ProblemException">It was not made, or nobody knows.</exception>
    public static void Expect(JobChange change, Func<JobChange, string> wrongState)
    {
        var problem = change.Outcome switch
        {
            JobChangeOutcome.Done => null,
            JobChangeOutcome.NotFound => Problem.NoSuchJob,
            JobChangeOutcome.WrongState => new(ProblemTypes.WrongState, wrongState(change)),
            _ => new(ProblemTypes.Unavailable, "The store did not answer in time; it may or may not have happened. Ask again.") { RetryAfter = TimeSpan.FromSeconds(1) },
        };
        if (problem is not null) throw new ProblemException(problem);
    }

    /// <summary>The same of a waiting job that is another now: 200, with its status.</summary>
    public static async Task SendAsync(HttpContext context, JobChange change, IJobPartitionGrain partition, string id, TimeProvider time, string wrongState)
    {
        Expect(change, refused => $"{wrongState} {refused.Reason}".TrimEnd());
        var status = change.Status ?? await partition.Get(id) ?? throw new ProblemException(Problem.NoSuchJob);
        await StatusAnswer.SendAsync(context, status, time.GetUtcNow(), StatusCodes.Status200OK);
    }
}
