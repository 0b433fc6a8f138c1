namespace OrleansJobs.Tool.Gateway;

/// <summary>Follows jobs to their end: by the gateway's stream where there is one, else by asking.</summary>
internal sealed class JobWatch(GatewayClient gateway, TimeProvider time)
{
    /// <summary>How long the gateway may be away before the watch is given up.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    /// <param name="tell">Called with each status that is newer than the one before, of each job, up to its last.</param>
    /// <returns>The last status of each job, in order.</returns>
    public async Task<Job[]> RunAsync(IReadOnlyList<string> ids, Action<Job> tell, CancellationToken cancellation)
    {
        var newest = new Dictionary<string, Job>();
        var streams = true;
        long? awaySince = null;
        var delay = AskInterval;
        foreach (var id in ids) Offer(await gateway.GetJobAsync(id, cancellation));
        while (Unfinished() is { Count: > 0 } unfinished)
        {
            try
            {
                if (streams && await gateway.OpenEventsAsync(unfinished, cancellation) is { } events)
                {
                    awaySince = null;
                    await foreach (var job in events)
                    {
                        delay = AskInterval;
                        Offer(job);
                    }
                }
                else
                {
                    streams = false;
                }

                foreach (var id in Unfinished()) Offer(await gateway.GetJobAsync(id, cancellation));
                (awaySince, delay) = (null, AskInterval);
            }
            catch (GatewayException exception) when (exception.IsTransient)
            {
                awaySince ??= time.GetTimestamp();
                if (time.GetElapsedTime(awaySince.Value) > Patience) throw;
                if (exception.RetryAfter is { } wait && wait > delay) delay = wait;
            }

            if (Unfinished().Count == 0) break;
            await Task.Delay(delay, time, cancellation);
            if (awaySince is not null) delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
        }

        return [.. ids.Select(id => newest[id])];

        List<string> Unfinished() => [.. ids.Distinct().Where(id => !newest.TryGetValue(id, out var job) || !job.IsFinished)];

        void Offer(Job job)
        {
            if (newest.TryGetValue(job.Id, out var before) && before.Version >= job.Version) return;
            newest[job.Id] = job;
            tell(job);
        }
    }
}
