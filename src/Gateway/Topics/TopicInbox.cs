namespace OrleansJobs.Gateway.Topics;

/// <summary>Events that wait for one stream: the newest that fit its pattern, as many as it may hold. Those that are dropped for that are a gap.</summary>
internal sealed class TopicInbox(string pattern)
{
    public const int MaxEvents = 256;
    public const int MaxBytes = 1 << 20;

    private readonly Lock _lock = new();
    private readonly string[] _pattern = pattern.Split('.');
    private readonly Queue<HeardEvent> _events = [];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bytes;
    private bool _hasGap;

    /// <summary>Completes when there is something to take.</summary>
    public Task News
    {
        get { lock (_lock) return _news.Task; }
    }

    public void Tell(HeardEvent heard)
    {
        if (!TopicPatterns.Fits(_pattern, heard.Key.Split('.'))) return;
        lock (_lock)
        {
            _events.Enqueue(heard);
            _bytes += heard.Data.Length;
            while (_events.Count > MaxEvents || (_bytes > MaxBytes && _events.Count > 1))
            {
                _bytes -= _events.Dequeue().Data.Length;
                _hasGap = true;
            }

            _news.TrySetResult();
        }
    }

    public void TellGap()
    {
        lock (_lock)
        {
            _hasGap = true;
            _news.TrySetResult();
        }
    }

    public void Wake()
    {
        lock (_lock) _news.TrySetResult();
    }

    /// <summary>What waits; a gap comes before it.</summary>
    public (bool HasGap, HeardEvent[] Events) Take()
    {
        lock (_lock)
        {
            var taken = (_hasGap, _events.ToArray());
            _events.Clear();
            (_bytes, _hasGap) = (0, false);
            if (_news.Task.IsCompleted) _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return taken;
        }
    }
}
