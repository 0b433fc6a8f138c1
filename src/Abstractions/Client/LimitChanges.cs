namespace OrleansJobs;

/// <summary>Changes of what limits jobs, of keys and of queues, as their callers hear of them.</summary>
internal static class LimitChanges
{
    /// <summary>Makes a change, again where not every partition has answered.</summary>
    public static async Task<KeyAnswer> ChangeAsync(this GridConnection grid, Func<int, Task<KeyAnswer>> change, CancellationToken cancellation)
    {
        var answer = await grid.AskAsync(async () =>
        {
            var answer = await change((await grid.GetInfoAsync(cancellation)).Partitions);
            return answer.Outcome == KeyOutcome.Unavailable ? throw new GridUnavailableException(answer.Reason ?? "Not every partition has answered.") : answer;
        }, cancellation);
        return answer.Outcome switch
        {
            KeyOutcome.Rejected => throw new JobRejectedException(answer.Problems),
            KeyOutcome.Full => throw new GridOverloadedException(answer.Reason ?? "The grid is full.", TimeSpan.FromSeconds(10)),
            _ => answer,
        };
    }
}
