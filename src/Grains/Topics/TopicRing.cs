namespace OrleansJobs.Topics;

/// <summary>The newest events of a partition, for those who listen now. Closed, and without cost, while nobody does; more than it holds are a gap.</summary>
internal sealed class TopicRing(long opening)
{
    public const int MaxEvents = 256;
    public const int MaxBytes = 1 << 20;

    /// <summary>For so long nobody has to come before it is closed.</summary>
    public static readonly TimeSpan ClosedAfter = TimeSpan.FromMinutes(1);

    private readonly Queue<(long Number, HeardEvent Told)> _kept = [];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _last;
    private long _lost;
    private long _bytes;
    private long _listenedAt;
    private bool _isOpen;

    /// <summary>Completes with the next event.</summary>
    public Task News => _news.Task;

    public void Listen(TimeProvider time) => (_listenedAt, _isOpen) = (time.GetTimestamp(), true);

    public void Add(HeardEvent told, TimeProvider time)
    {
        if (_isOpen && time.GetElapsedTime(_listenedAt) > ClosedAfter) Close();
        if (!_isOpen) return;
        _kept.Enqueue((++_last, told));
        _bytes += told.Data.Length;
        while (_kept.Count > MaxEvents || (_bytes > MaxBytes && _kept.Count > 1))
        {
            var (number, gone) = _kept.Dequeue();
            _lost = number;
            _bytes -= gone.Data.Length;
        }

        Signal();
    }

    /// <summary>Something may have been published that is not told.</summary>
    public void Miss()
    {
        if (!_isOpen) return;
        _lost = ++_last;
        Signal();
    }

    public bool HasNews(ChangePlace after) => after.Opening != opening || after.Number < _last;

    /// <summary>What came behind a place. A newcomer, who has no place, is given one and has missed nothing.</summary>
    public PublishedEvents After(ChangePlace after)
    {
        var place = new ChangePlace(opening, _last);
        if (after == default) return new(place, [], HasGap: false);
        if (after.Opening != opening) return new(place, [], HasGap: true);
        return new(place, [.. _kept.Where(kept => kept.Number > after.Number).Select(kept => kept.Told)], HasGap: after.Number < _lost);
    }

    /// <summary>Wakes those who wait.</summary>
    public void Signal()
    {
        var news = _news;
        _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
        news.TrySetResult();
    }

    private void Close()
    {
        _lost = ++_last;
        _kept.Clear();
        (_bytes, _isOpen) = (0, false);
    }
}
