using System.Runtime.CompilerServices;

namespace OrleansJobs;

/// <summary>Reads what jobs have logged, over the loss of silos and of connections.</summary>
internal sealed class LogReader(GridConnection grid)
{
    private const int PageLines = 500;
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(20);

    public async Task<JobLogPage> GetAsync(string id, int limit, CancellationToken cancellation)
    {
        if (limit is < 1 or > JobLogLimits.MaxLines) throw new ArgumentOutOfRangeException(nameof(limit), limit, $"1 to {JobLogLimits.MaxLines}.");
        return await grid.AskAsync(async () => await (await PartitionOfAsync(id, cancellation)).ReadLogs(id, null, limit, TimeSpan.Zero), cancellation) ?? throw new JobNotFoundException(id);
    }

    public async IAsyncEnumerable<JobLogLine> FollowAsync(string id, long after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        DateTimeOffset? submitted = null;
        var outage = new Outage(grid.Time, grid.Options.Patience);
        while (true)
        {
            var asked = grid.Time.GetTimestamp();
            JobLogPage? page = null;
            try
            {
                var partition = await PartitionOfAsync(id, cancellation);
                page = await partition.ReadLogs(id, after, PageLines, LongPoll).WaitAsync(LongPoll + grid.Options.TryTimeout, grid.Time, cancellation) ?? throw new JobNotFoundException(id);
                outage.End();
            }
            catch (Exception exception) when (TransientFailure.Is(exception, cancellation))
            {
                if (!outage.GoesOn(asked))
                    throw new GridUnavailableException($"The grid has not answered for {grid.Options.Patience.TotalSeconds:0} s while the log of job '{id}' was followed: {exception.Message}", exception);
            }

            if (page is null)
            {
                await outage.DelayAsync(cancellation);
                continue;
            }

            // Another job of the same id is not the one that is followed, which is gone.
            if (page.SubmittedAt != (submitted ??= page.SubmittedAt)) throw new JobNotFoundException(id);
            foreach (var line in page.Lines) yield return line;
            after = page.Next;
            if (page.IsOver) yield break;
        }
    }

    private async ValueTask<IPartitionLogs> PartitionOfAsync(string id, CancellationToken cancellation) =>
        grid.Logs(JobIds.PartitionOf(id, (await grid.GetInfoAsync(cancellation)).Partitions));
}
