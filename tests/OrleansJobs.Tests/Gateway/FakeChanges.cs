namespace OrleansJobs.Tests.Gateway;

/// <summary>What a partition tells those who listen: all of it, or what a test lets through.</summary>
internal sealed class FakeChanges
{
    private const long Opening = 1;

    private readonly Lock _lock = new();
    private readonly List<ChangedJob> _jobs = [];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lost;

    /// <summary>Questions so far.</summary>
    public int Reads { get; private set; }

    /// <summary>Changes happen and are never told.</summary>
    public bool IsMuted { get; set; }

    public void Add(ChangedJob job)
    {
        if (IsMuted) return;
        lock (_lock)
        {
            _jobs.Add(job);
            Signal();
        }
    }

    /// <summary>Says that there was more than is told.</summary>
    public void Lose()
    {
        lock (_lock)
        {
            _jobs.Add(default);
            _lost = _jobs.Count;
            Signal();
        }
    }

    public async Task<JobChanges> ReadAsync(ChangePlace after, bool isSilent, TimeSpan atMost)
    {
        Task news;
        lock (_lock)
        {
            if (!isSilent) Reads++;
            if (after.Opening != Opening || (!isSilent && after.Number < _jobs.Count)) return After(after);
            news = _news.Task;
        }

        await Task.WhenAny(isSilent ? Task.Delay(atMost, TimeProvider.System) : news, Task.Delay(atMost, TimeProvider.System));
        lock (_lock) return isSilent ? new() { Place = after } : After(after);
    }

    private JobChanges After(ChangePlace after) => after.Opening != Opening || after.Number < _lost
        ? new() { Place = new(Opening, _jobs.Count), HasGap = true }
        : new() { Place = new(Opening, _jobs.Count), Jobs = [.. _jobs.Skip((int)after.Number)] };

    private void Signal()
    {
        var news = _news;
        _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
        news.SetResult();
    }
}
