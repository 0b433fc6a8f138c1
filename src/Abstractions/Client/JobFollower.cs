using System.Runtime.CompilerServices;

namespace OrleansJobs;

/// <summary>Follows jobs to their end, over the loss of silos and of connections.</summary>
internal sealed class JobFollower(GridConnection grid)
{
    private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(20);

    /// <summary>A version that no job goes beyond: its start is then no reason for an answer.</summary>
    private const long NothingButItsEnd = long.MaxValue;

    public async Task<JobStatus> GetStatusAsync(string id, CancellationToken cancellation) =>
        await grid.AskAsync(() => grid.Job(id).GetStatus(), cancellation) ?? throw new JobNotFoundException(id);

    public async IAsyncEnumerable<JobStatus> WatchAsync(string id, long afterVersion, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var version = afterVersion;
        var outage = new Outage(grid.Time, grid.Options.Patience);
        while (true)
        {
            var broken = false;
            await using (var stream = grid.Job(id).Watch(version, cancellation).GetAsyncEnumerator(cancellation))
            {
                while (true)
                {
                    var asked = grid.Time.GetTimestamp();
                    bool more;
                    try
                    {
                        more = await stream.MoveNextAsync();
                    }
                    catch (Exception exception) when (TransientFailure.Is(exception, cancellation))
                    {
                        // The grain was moved or its silo lost; the version says where to go on. A stream may be torn by the caller's own leaving.
                        cancellation.ThrowIfCancellationRequested();
                        if (!outage.GoesOn(asked)) throw Unavailable(id, exception);
                        broken = true;
                        break;
                    }

                    outage.End();
                    if (!more) break;
                    var status = stream.Current;
                    if (status.Version > version)
                    {
                        version = status.Version;
                        yield return status;
                    }

                    if (status.IsFinished) yield break;
                }
            }

            if (!broken)
            {
                // It ended of itself before the job did: the job is gone, or the grain makes room, or all was said before afterVersion.
                var status = await GetStatusAsync(id, cancellation);
                if (status.IsFinished && status.Version > version) yield return status;
                if (status.IsFinished) yield break;
            }

            await outage.DelayAsync(cancellation);
        }
    }

    public async Task<JobStatus> WaitAsync(string id, CancellationToken cancellation)
    {
        var outage = new Outage(grid.Time, grid.Options.Patience);
        while (true)
        {
            var asked = grid.Time.GetTimestamp();
            try
            {
                var partition = await grid.PartitionOfAsync(id, cancellation);
                var status = await partition.Wait(id, NothingButItsEnd, LongPoll).WaitAsync(LongPoll + grid.Options.TryTimeout, grid.Time, cancellation) ?? throw new JobNotFoundException(id);
                if (status.IsFinished) return status;
                outage.End();
                continue;
            }
            catch (Exception exception) when (TransientFailure.Is(exception, cancellation))
            {
                if (!outage.GoesOn(asked)) throw Unavailable(id, exception);
            }

            await outage.DelayAsync(cancellation);
        }
    }

    private GridUnavailableException Unavailable(string id, Exception exception) =>
        new($"The grid has not answered for {grid.Options.Patience.TotalSeconds:0} s while job '{id}' was followed: {exception.Message}", exception);
}
