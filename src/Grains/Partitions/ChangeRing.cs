namespace OrleansJobs.Partitions;

/// <summary>
/// The newest changes of a partition, for those who listen. It is closed, and costs nothing, while nobody does. More changes than it holds are a gap:
/// who missed them looks at the lists, and until somebody has come for what is new the partition need not even say what changed.
/// </summary>
internal sealed class ChangeRing(long opening)
{
    /// <summary>Changes that are kept.</summary>
    public const int MaxJobs = 128;

    /// <summary>Characters of the texts in them, above all the messages of errors.</summary>
    public const int MaxText = 256 << 10;

    /// <summary>For so long nobody has to come before it is closed.</summary>
    public static readonly TimeSpan ClosedAfter = TimeSpan.FromMinutes(1);

    private readonly Queue<(long Number, ChangedJob Job, int Text)> _kept = [];
    private TaskCompletionSource _news = NewSignal();
    private long _last;
    private long _lost;
    private int _text;
    private long _listenedAt;

    /// <summary>Somebody listens, and has not missed anything yet.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Completes with the next change.</summary>
    public Task News => _news.Task;

    /// <summary>Somebody has come for what is new.</summary>
    public void Listen(TimeProvider time)
    {
        _listenedAt = time.GetTimestamp();
        IsOpen = true;
    }

    /// <summary>Closes it where nobody comes any more.</summary>
    public void Check(TimeProvider time)
    {
        if (time.GetElapsedTime(_listenedAt) > ClosedAfter) Lose();
    }

    /// <param name="status">Null: the job was deleted.</param>
    public void Add(string id, JobStatus? status)
    {
        if (!IsOpen) return;
        var text = status is null ? 0 : TextOf(status);
        _kept.Enqueue((++_last, new(id, status), text));
        _text += text;
        if (_kept.Count > MaxJobs || _text > MaxText) Lose();
    }

    /// <summary>There are changes that are not told.</summary>
    public void Lose()
    {
        _lost = ++_last;
        _kept.Clear();
        (_text, IsOpen) = (0, false);
    }

    /// <summary>Wakes those who wait.</summary>
    public void Signal()
    {
        var news = _news;
        _news = NewSignal();
        news.TrySetResult();
    }

    public bool HasNews(ChangePlace after) => after.Opening != opening || after.Number != _last;

    public JobChanges After(ChangePlace after)
    {
        var place = new ChangePlace(opening, _last);
        if (after.Opening != opening || after.Number < _lost) return new() { Place = place, HasGap = true };
        return new() { Place = place, Jobs = [.. _kept.Where(change => change.Number > after.Number).Select(change => change.Job)] };
    }

    private static int TextOf(JobStatus status) =>
        status.Message.Length + TextOf(status.Error) + status.Attempts.Sum(static attempt => TextOf(attempt.Error));

    private static int TextOf(JobError? error) => (error?.Message.Length ?? 0) + (error?.Trace?.Text?.Length ?? 0);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
