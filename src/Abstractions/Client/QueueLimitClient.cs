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

    private Task<KeyAnswer> ChangeAsync(string queue, QueueLimits? limits, CancellationToken cancellation) =>
        grid.ChangeAsync(partitions => grid.QueueLimits(QueueLimitQuestions.HomeOf(Checked(queue), partitions)).ChangeQueueLimits(queue, limits), cancellation);

    private static string Checked(string queue) => SubmissionRules.IsName(queue) ? queue : throw new ArgumentException("That is no name of a queue.", nameof(queue));
}
