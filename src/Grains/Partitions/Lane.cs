using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>
/// The waiting jobs of one queue, priority and type, in the order (due, id). Memory holds the front of it, the window: all entries up to
/// <see cref="Horizon"/>. The rest stays in the store and is paged in. Jobs of a lane are alike, so that one nobody can run never stands
/// before one that somebody can.
/// </summary>
internal sealed class Lane(string name, string queue, int priority, string type, bool suspects, int windowLimit)
{
    private const char Separator = '/';
    private const string SuspectMark = "!";

    private readonly SortedSet<LiveJob> _window = new(WindowOrder.Instance);
    private readonly string?[] _countKeys = new string?[5];
    private HashSet<string>? _leftDuringRead;
    private List<LiveJob>? _joinedDuringRead;

    public string Name { get; } = name;
    public string Queue { get; } = queue;
    public int Priority { get; } = priority;
    public string Type { get; } = type;

    /// <summary>Its jobs were present at so many crashes that they run one at a time.</summary>
    public bool Suspects { get; } = suspects;

    /// <summary>Waiting jobs, in memory or not.</summary>
    public long Count { get; set; }

    /// <summary>Everything up to it, itself included, is in the window; null: everything is.</summary>
    public LanePosition? Horizon { get; private set; }

    public LiveJob? First => _window.Min;

    public bool IsReading => _leftDuringRead is not null;

    /// <summary>The window runs low and the store has more.</summary>
    public bool NeedsPage => Horizon is not null && !IsReading && _window.Count <= windowLimit / 4;

    public static string NameOf(string queue, int priority, string type, bool suspects) =>
        string.Concat(queue, "/", priority.ToString(System.Globalization.CultureInfo.InvariantCulture), suspects ? "/" + type + "/" + SuspectMark : "/" + type);

    public static Lane Parse(string name, int windowLimit)
    {
        var parts = name.Split(Separator);
        return new Lane(name, parts[0], int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture), parts[2], parts.Length > 3, windowLimit);
    }

    /// <summary>The store has entries that memory has not seen.</summary>
    public void StartUnread() => Horizon = LanePosition.Start;

    /// <summary>Whether a job due now would be handed out. False too where the front has yet to be read.</summary>
    public bool IsReady(long now) => First is { } first && first.Due <= now;

    /// <summary>Ready jobs in memory, counted up to a limit.</summary>
    public int CountReady(long now, int limit)
    {
        var ready = 0;
        foreach (var job in _window)
        {
            if (job.Due > now || ready == limit) break;
            ready++;
        }

        return ready;
    }

    /// <summary>Jobs that are due; an upper bound where the window ends before the present.</summary>
    public long CountBacklog(long now)
    {
        var ready = CountReady(now, int.MaxValue);
        return Horizon is not null && ready == _window.Count ? Count : ready;
    }

    /// <summary>A job starts to wait here.</summary>
    public void Add(LiveJob job)
    {
        Count++;
        _joinedDuringRead?.Add(job);
        _leftDuringRead?.Remove(job.Id);
        if (Horizon is { } horizon && !IsWithin(job, horizon)) return;
        Insert(job);
    }

    /// <summary>A job no longer waits here.</summary>
    public void Remove(LiveJob job)
    {
        Count--;
        _leftDuringRead?.Add(job.Id);
        if (!job.InWindow) return;
        _window.Remove(job);
        job.InWindow = false;
    }

    /// <summary>Where the next page starts. Changes until <see cref="EndRead"/> are remembered, since the page may not show them.</summary>
    public LanePosition BeginRead()
    {
        _leftDuringRead = [];
        _joinedDuringRead = [];
        return Horizon!.Value;
    }

    /// <summary>Takes a page in: the entries that have not left meanwhile, and those that joined within its reach.</summary>
    /// <param name="page">In order; what the store had behind the position.</param>
    /// <param name="isLast">There was no more.</param>
    /// <param name="resolve">The job in memory for an entry, made where there is none; null where it does not wait here.</param>
    public void EndRead(LaneEntry[] page, bool isLast, Func<LaneEntry, LiveJob?> resolve)
    {
        var left = _leftDuringRead!;
        var joined = _joinedDuringRead!;
        _leftDuringRead = null;
        _joinedDuringRead = null;
        Horizon = isLast ? null : page.Length == 0 ? Horizon : new LanePosition(page[^1].Due, page[^1].Id);
        foreach (var entry in page)
        {
            if (left.Contains(entry.Id) || resolve(entry) is not { InWindow: false } job) continue;
            Insert(job);
        }

        foreach (var job in joined)
        {
            if (job.InWindow || job.Place != JobPlace.Waiting || job.Lane != this) continue;
            if (Horizon is not { } horizon || IsWithin(job, horizon)) Insert(job);
        }
    }

    /// <summary>The read failed; all stays as it was.</summary>
    public void AbandonRead()
    {
        _leftDuringRead = null;
        _joinedDuringRead = null;
    }

    /// <summary>Takes the last job out of a window that is over its limit, and moves the horizon to the one before it.</summary>
    public LiveJob? Trim()
    {
        if (_window.Count <= windowLimit || IsReading) return null;
        var last = _window.Max!;
        _window.Remove(last);
        last.InWindow = false;
        var end = _window.Max!;
        Horizon = new LanePosition(end.Due, end.Id);
        return last;
    }

    public SortedSet<LiveJob> Window => _window;

    /// <summary>The counter of this lane's queue and type for a state.</summary>
    public string CountKey(JobState state) => _countKeys[(int)state] ??= $"{(int)state}/{Queue}/{Type}";

    private void Insert(LiveJob job) => job.InWindow = _window.Add(job);

    private static bool IsWithin(LiveJob job, LanePosition horizon) =>
        job.Due < horizon.Due || (job.Due == horizon.Due && string.CompareOrdinal(job.Id, horizon.Id) <= 0);

    private sealed class WindowOrder : IComparer<LiveJob>
    {
        public static readonly WindowOrder Instance = new();

        public int Compare(LiveJob? x, LiveJob? y) => x!.Due != y!.Due ? x.Due.CompareTo(y.Due) : string.CompareOrdinal(x.Id, y.Id);
    }
}
