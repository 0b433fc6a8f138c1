namespace OrleansJobs.Gateway.Live;

/// <summary>
/// Changes that wait for one stream to take them in: the newest of each job, as many as a turn may bring. More are a gap. What concerns the stream in
/// no way is not kept, so that a narrow filter on a busy grid has none.
/// </summary>
/// <param name="concerns">Asked while nothing else changes.</param>
internal sealed class ChangeInbox(Func<ChangedJob, bool> concerns, TimeProvider time) : IChangeListener
{
    /// <summary>Jobs that wait.</summary>
    public const int MaxJobs = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ChangedJob> _jobs = new(StringComparer.Ordinal);
    private TaskCompletionSource _news = NewSignal();
    private bool _hasGap;
    private bool _takesAll;

    public void Tell(ChangedJob[] jobs)
    {
        lock (_lock)
        {
            foreach (var job in jobs)
            {
                if (_takesAll || concerns(job)) _jobs[job.Id] = job;
            }

            if (_jobs.Count > MaxJobs) Lose();
            if (_jobs.Count > 0) _news.TrySetResult();
        }
    }

    public void TellGap()
    {
        lock (_lock) Lose();
    }

    /// <summary>Completes when there is something to take, or after a while with a gap.</summary>
    public async Task WaitAsync(TimeSpan atMost, CancellationToken cancellation)
    {
        Task news;
        lock (_lock) news = _news.Task;
        try
        {
            await news.WaitAsync(atMost, time, cancellation);
        }
        catch (TimeoutException)
        {
            TellGap();
        }
    }

    /// <summary>Takes the gap, if there is one. From then on everything is kept until <see cref="TakeJobs"/>: whoever looks at a list does not know yet what will concern it.</summary>
    /// <returns>A timestamp: a list that was asked for since then has what was missed. It is of now rather than of the gap, since what came in between was kept only in part.</returns>
    public long? TakeGap()
    {
        lock (_lock)
        {
            if (!_hasGap) return null;
            (_hasGap, _takesAll) = (false, true);
            return time.GetTimestamp();
        }
    }

    public ChangedJob[] TakeJobs()
    {
        lock (_lock)
        {
            ChangedJob[] jobs = [.. _jobs.Values];
            _jobs.Clear();
            _takesAll = false;
            if (!_hasGap && _news.Task.IsCompleted) _news = NewSignal();
            return jobs;
        }
    }

    private void Lose()
    {
        _hasGap = true;
        _jobs.Clear();
        _news.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
