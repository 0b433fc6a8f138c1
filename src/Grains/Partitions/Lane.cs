using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>
/// The waiting jobs of one queue, priority and type, in the order (due, id). Memory holds the front of it, the window: all entries up to
/// <see cref="Horizon"/>. The rest stays in the store and is paged in. Jobs of a lane are alike, so that one nobody can run never stands
/// before one that somebody can.
/// </summary>
/// <param name="reading">The lanes of the partition that are being read; each puts itself in and takes itself out.</param>
internal sealed class Lane(string name, string queue, int priority, string type, bool suspects, int windowLimit, List<Lane> reading)
{
    private const char Separator = '/';
    private const string SuspectMark = "!";

    private readonly SortedSet<LiveJob> _window = new(WindowOrder.Instance);
    private readonly string?[] _countKeys = new string?[5];

    /// <summary>Jobs that wait behind the window and that a page may not show, because the store did not have them when it was read.</summary>
    private readonly HashSet<LiveJob> _behind = [];
    private HashSet<string>? _leftDuringRead;

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

    public static Lane Parse(string name, int windowLimit, List<Lane> reading)
    {
        var parts = name.Split(Separator);
        return new Lane(name, parts[0], int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture), parts[2], parts.Length > 3, windowLimit, reading);
    }

    /// <summary>The store has entries that memory has not seen.</summary>
    public void StartUnread() => Horizon = LanePosition.Start;

    /// <summary>Whether a job due now would be handed out. False too where the front has yet to be read.</summary>
    public bool IsReady(long now) => First is { } first && first.Due <= now;

    /// <summary>Ready jobs in memory, counted up to a limit.</summary>
    public int CountReady(long now, int limit)
    {
        // With a backlog all of the window is due, and nobody wants to walk a thousand jobs to be told so.
        if (_window.Max is { } last && last.Due <= now) return Math.Min(limit, _window.Count);
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
        if (Horizon is { } horizon && !IsWithin(job, horizon)) _behind.Add(job);
        else Insert(job);
    }

    /// <summary>A job no longer waits here.</summary>
    public void Remove(LiveJob job)
    {
        Count--;
        _leftDuringRead?.Add(job.Id);
        _behind.Remove(job);
        if (!job.InWindow) return;
        _window.Remove(job);
        job.InWindow = false;
    }

    /// <summary>Whether memory must keep a waiting job of this lane, since the page that is being read may not show it.</summary>
    public bool Keeps(LiveJob job) => IsReading && _behind.Contains(job);

    /// <summary>Memory lets go of a job: from now on only the store knows it. A page that is being read may still show how it was.</summary>
    public void LetGo(LiveJob job)
    {
        _behind.Remove(job);
        foreach (var lane in reading)
        {
            // Where it waits, a page that shows it shows it rightly.
            if (job.Place != JobPlace.Waiting || job.Lane != lane) lane._leftDuringRead!.Add(job.Id);
        }
    }

    /// <summary>Where the next page starts. Changes until <see cref="EndRead"/> are remembered, since the page may not show them.</summary>
    public LanePosition BeginRead()
    {
        _leftDuringRead = [];
        reading.Add(this);
        return Horizon!.Value;
    }

    /// <summary>Takes a page in: the entries that have not left meanwhile, and the jobs within its reach that it could not show.</summary>
    /// <param name="page">In order; what the store had behind the position.</param>
    /// <param name="isLast">There was no more.</param>
    /// <param name="resolve">The job in memory for an entry, made where there is none; null where it does not wait here.</param>
    /// <returns>Jobs that memory kept for the sake of this read and that are still behind the window.</returns>
    public List<LiveJob> EndRead(LaneEntry[] page, bool isLast, Func<LaneEntry, LiveJob?> resolve)
    {
        var left = _leftDuringRead!;
        AbandonRead();
        Horizon = isLast ? null : page.Length == 0 ? Horizon : new LanePosition(page[^1].Due, page[^1].Id);
        foreach (var entry in page)
        {
            if (left.Contains(entry.Id) || resolve(entry) is not { InWindow: false } job) continue;
            Insert(job);
        }

        foreach (var job in _behind)
        {
            if (!job.InWindow && (Horizon is not { } horizon || IsWithin(job, horizon))) Insert(job);
        }

        _behind.RemoveWhere(job => job.InWindow);
        return [.. _behind];
    }

    /// <summary>The read failed; the window stays as it was.</summary>
    /// <returns>As <see cref="EndRead"/>.</returns>
    public List<LiveJob> AbandonRead()
    {
        _leftDuringRead = null;
        reading.Remove(this);
        return [.. _behind];
    }

    /// <summary>Takes the last job out of a window that is over its limit, and moves the horizon to the one before it.</summary>
    public LiveJob? Trim()
    {
        if (_window.Count <= windowLimit || IsReading) return null;
        var last = _window.Max!;
        _window.Remove(last);
        last.InWindow = false;
        _behind.Add(last);
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
