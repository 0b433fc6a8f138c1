namespace OrleansJobs;

/// <summary>Limits of queues over grain calls.</summary>
internal sealed class QueueLimitClient(GridConnection grid) : IQueueLimitClient
{
    public async Task<QueueLimitInfo> PutAsync(string queue, QueueLimits limits, CancellationToken cancellation = default)
    {
        await ChangeAsync(queue, limits ?? throw new ArgumentNullException(nameof(limits)), cancellation);
        return await GetAsync(queue, cancellation);
    }

    public async Task<QueueLimitInfo> GetAsync(string queue, CancellationToken cancellation = default) =>
        await grid.AskAsync(async () => await QueueLimitQuestions.GetAsync(grid.QueueLimits, Checked(queue), (await grid.GetInfoAsync(cancellation)).Partitions), cancellation);

    public async Task<bool> DeleteAsync(string queue, CancellationToken cancellation = default) =>
        (await ChangeAsync(queue, null, cancellation)).Outcome == KeyOutcome.Done;

    private async Task<KeyAnswer> ChangeAsync(string queue, QueueLimits? limits, CancellationToken cancellation)
    {
        var answer = await grid.AskAsync(async () =>
        {
            var info = await grid.GetInfoAsync(cancellation);
            var answer = await grid.QueueLimits(QueueLimitQuestions.HomeOf(Checked(queue), info.Partitions)).ChangeQueueLimits(queue, limits);
            return answer.Outcome == KeyOutcome.Unavailable ? throw new GridUnavailableException(answer.Reason ?? "Not every partition has answered.") : answer;
        }, cancellation);
        return answer.Outcome switch
        {
            KeyOutcome.Rejected => throw new JobRejectedException(answer.Problems),
            KeyOutcome.Full => throw new GridOverloadedException(answer.Reason ?? "The grid is full.", TimeSpan.FromSeconds(10)),
            _ => answer,
        };
    }

    private static string Checked(string queue) => SubmissionRules.IsName(queue) ? queue : throw new ArgumentException("That is no name of a queue.", nameof(queue));
}
