using OrleansJobs.Batches;
using OrleansJobs.Keys;
using OrleansJobs.Lending;

namespace OrleansJobs.Partitions;

/// <summary>
/// The waiting jobs of one queue, priority and type, and where they have one, of one key, in the order (due, id), or (seat, id) where they have a key. Memory holds the front of it, the window: all entries up to
/// <see cref="Horizon"/>. The rest stays in the store and is paged in. Jobs of a lane are alike, so that one nobody can run never stands
/// before one that somebody can.
/// </summary>
/// <param name="index">Is told of every change.</param>
internal sealed class Lane(string name, string queue, int priority, string type, bool suspects, LaneIndex index) : IHeapItem
{
    private const char Separator = '/';
    private const string SuspectMark = "!";

    /// <summary>Stands before the key of a lane whose jobs have one.</summary>
    private const char KeyMark = '=';

    private readonly SortedSet<LiveJob> _window = new(WindowOrder.Instance);
    private string?[]? _countKeys;

    /// <summary>Jobs that wait behind the window and that a page may not show, because the store did not have them when it was read.</summary>
    private HashSet<LiveJob>? _behind;
    private HashSet<string>? _leftDuringRead;

    public string Name { get; } = name;
    public string Queue { get; } = queue;
    public int Priority { get; } = priority;
    public string Type { get; } = type;

    /// <summary>The log that its jobs' submits stand in.</summary>
    public string LogName { get; } = JobTables.LogName(queue, type);

    /// <summary>Its jobs were present at so many crashes that they run one at a time.</summary>
    public bool Suspects { get; } = suspects;

    /// <summary>The key of its jobs, which says when they may start; null: they have none.</summary>
    public KeyLine? Line { get; init; }

    /// <summary>The key's place in the turns of its queue and priority.</summary>
    public KeyTurn? Turn { get; set; }

    /// <summary>The limits of its queue; null: there are none.</summary>
    public QueueLine? Limit { get; set; }

    /// <summary>Its key or its queue counts the attempts or the starts of its jobs: they are given out only for slots that are free.</summary>
    public bool IsLimited => Limit is not null || Line is { IsLimited: true };

    /// <summary>Its jobs go to workers in batches; null: one by one.</summary>
    public BatchPolicy? Batch { get; set; }

    /// <summary>As many as a batch takes are read into the window, whatever it may hold: it is about to be handed out.</summary>
    public bool IsGathering { get; private set; }

    /// <summary>Waiting jobs, in memory or not.</summary>
    public long Count { get; set; }

    /// <summary>Everything up to it, itself included, is in the window; null: everything is.</summary>
    public LanePosition? Horizon { get; private set; }

    public LiveJob? First => _window.Min;

    public bool IsReading => _leftDuringRead is not null;

    /// <summary>The window runs low and the store has more.</summary>
    public bool NeedsPage => Horizon is not null && !IsReading && (_window.Count <= index.WindowLimit / 4 || (IsGathering && _window.Count < Batch!.Size));

    /// <summary>The window holds more than it should, and its end may go.</summary>
    public bool IsOverLimit => _window.Count > WindowLimit && !IsReading;

    /// <summary>Jobs that its window holds.</summary>
    public int WindowLimit => IsGathering ? Math.Max(index.WindowLimit, Batch!.Size) : index.WindowLimit;

    /// <summary>When its first jobs may be handed out: when the first is due, or where they go in batches, when a batch is there, or the first has waited for others for long enough.</summary>
    public long ReadyAt => Batch is null ? First!.Due : BatchReadyAt(First!);

    /// <summary>It holds nothing, and nothing is under way: no page is being read, nor is one still to be, which would bring a lane back that was forgotten.</summary>
    public bool IsIdle => Count == 0 && Horizon is null && !IsReading && _behind is null or { Count: 0 } && _window.Count == 0;

    /// <summary>Who made it, where submitters say who they are; see <see cref="LaneOwners"/>.</summary>
    public string? Owner { get; set; }

    /// <summary>The index's own notes.</summary>
    public LaneStanding Standing { get; set; }

    /// <inheritdoc cref="Standing"/>
    public LaneNote Notes { get; set; }

    /// <inheritdoc/>
    public int HeapIndex { get; set; } = -1;

    /// <summary>Higher priorities go first; within one, the lane whose first job has been due longest. Both must have a first job.</summary>
    public static bool IsAhead(Lane lane, Lane other) =>
        lane.Priority != other.Priority ? lane.Priority > other.Priority : lane.First!.Due < other.First!.Due;

    /// <summary>
    /// A batch is to be handed out of a lane of which memory has fewer jobs than go into it: they are read first.
    /// </summary>
    /// <returns>False: all that there is has been read.</returns>
    public bool Gather(long now)
    {
        if (IsGathering || Horizon is null || _window.Count >= Batch!.Size) return false;
        // In the order of their instants all that are due are in memory as soon as one is that is not.
        if (Line is null && _window.Max is { } last && last.Due > now) return false;
        IsGathering = true;
        index.Changed(this);
        return true;
    }

    /// <summary>The batch has been handed out.</summary>
    public void Gathered()
    {
        if (!IsGathering) return;
        IsGathering = false;
        index.Changed(this);
    }

    private long BatchReadyAt(LiveJob first)
    {
        // What has been handed out before waits for others no more.
        var wait = first.Track.Token == 0 ? Math.Min(Batch!.Wait, JobBook.Never - first.Due) : 0;
        var waited = first.Due + wait;
        if (Count < Batch!.Size || wait == 0) return waited;
        var (left, last) = (Batch.Size, long.MinValue);
        foreach (var job in _window)
        {
            last = Math.Max(last, job.Due);
            if (--left == 0 || last >= waited) break;
        }

        return Math.Min(last, waited);
    }

    public static string NameOf(string queue, int priority, string type, bool suspects, string? key = null)
    {
        var name = string.Concat(queue, "/", priority.ToString(System.Globalization.CultureInfo.InvariantCulture), suspects ? "/" + type + "/" + SuspectMark : "/" + type);
        return key is null ? name : string.Concat(name, "/=", key);
    }

    public static Lane Parse(string name, LaneIndex index)
    {
        var parts = name.Split(Separator, 4);
        var (suspects, rest) = parts.Length < 4 ? (false, "") : parts[3].StartsWith(SuspectMark, StringComparison.Ordinal) ? (true, parts[3][1..].TrimStart(Separator)) : (false, parts[3]);
        return new Lane(name, parts[0], int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture), parts[2], suspects, index)
        {
            Line = rest.Length > 0 && rest[0] == KeyMark ? index.LineOf(rest[1..]) : null,
        };
    }

    /// <summary>The store has entries that memory has not seen.</summary>
    public void StartUnread()
    {
        Horizon = LanePosition.Start;
        index.Changed(this);
    }

    /// <summary>Whether a worker may come for a job due now. False too where the front has yet to be read.</summary>
    public bool IsReady(long now) => First is not null && ReadyAt <= now && (Line is null || Line.Admits(this)) && (Limit is null || Limit.Offered > 0);

    /// <summary>Ready jobs in memory that may start, counted up to a limit.</summary>
    public int CountReady(long now, int limit) => CountWilling(now, Limit is null ? limit : Math.Min(limit, Limit.Offered));

    /// <summary>The same, whatever the limits of its queue allow now. Of jobs that go in batches: how many batches.</summary>
    public int CountWilling(long now, int limit)
    {
        limit = Line is null ? limit : Math.Min(limit, Line.Limits.Room);
        if (Batch is null) return CountInWindow(now, limit);
        if (First is null || ReadyAt > now) return 0;
        var jobs = CountInWindow(now, int.MaxValue);
        return Math.Min(limit, jobs <= Batch.Size ? 1 : jobs / Batch.Size);
    }

    private int CountInWindow(long now, int limit)
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

    /// <summary>How many of its jobs were due when the store was last asked.</summary>
    public long DueInStore { get; set; }

    /// <summary>Jobs that are due; where the window ends before the present, those in it at least.</summary>
    public long CountDue(long now)
    {
        var ready = CountInWindow(now, int.MaxValue);
        // How a key's jobs are ordered in the store is not by when they are due.
        if (Line is not null) return IsDueBeyondWindow(now) ? Count : ready;
        return IsDueBeyondWindow(now) ? Math.Clamp(DueInStore, ready, Math.Max(ready, Count)) : ready;
    }

    /// <summary>All jobs of the window are due, and there are others behind it.</summary>
    public bool IsDueBeyondWindow(long now) => Horizon is not null && Count > _window.Count && _window.Max is { } last && last.Due <= now;

    /// <summary>A job starts to wait here.</summary>
    public void Add(LiveJob job)
    {
        Count++;
        if (Horizon is { } horizon && !IsWithin(job, horizon)) (_behind ??= []).Add(job);
        else Insert(job);
        index.Changed(this);
        index.Tell(this);
    }

    /// <summary>A job no longer waits here.</summary>
    public void Remove(LiveJob job)
    {
        Count--;
        _leftDuringRead?.Add(job.Id);
        _behind?.Remove(job);
        if (job.InWindow)
        {
            _window.Remove(job);
            job.InWindow = false;
        }

        index.Changed(this);
    }

    /// <summary>Whether memory must keep a waiting job of this lane, since the page that is being read may not show it.</summary>
    public bool Keeps(LiveJob job) => IsReading && _behind?.Contains(job) == true;

    /// <summary>Memory lets go of a job: from now on only the store knows it. A page that is being read may still show how it was.</summary>
    public void LetGo(LiveJob job)
    {
        _behind?.Remove(job);
        foreach (var lane in index.Reading)
        {
            // Where it waits, a page that shows it shows it rightly.
            if (job.Place != JobPlace.Waiting || job.Lane != lane) lane._leftDuringRead!.Add(job.Id);
        }
    }

    /// <summary>Where the next page starts. Changes until <see cref="EndRead"/> are remembered, since the page may not show them.</summary>
    public LanePosition BeginRead()
    {
        _leftDuringRead = [];
        index.Reading.Add(this);
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
        StopReading();
        Horizon = isLast ? null : page.Length == 0 ? Horizon : new LanePosition(page[^1].Score, page[^1].Id);
        foreach (var entry in page)
        {
            if (left.Contains(entry.Id) || resolve(entry) is not { InWindow: false } job) continue;
            Insert(job);
        }

        foreach (var job in _behind ?? [])
        {
            if (!job.InWindow && (Horizon is not { } horizon || IsWithin(job, horizon))) Insert(job);
        }

        _behind?.RemoveWhere(job => job.InWindow);
        index.Changed(this);
        index.Tell(this);
        return [.. _behind ?? []];
    }

    /// <summary>The read failed; the window stays as it was.</summary>
    /// <returns>As <see cref="EndRead"/>.</returns>
    public List<LiveJob> AbandonRead()
    {
        StopReading();
        index.Changed(this);
        return [.. _behind ?? []];
    }

    /// <summary>Takes the last job out of a window that is over its limit, and moves the horizon to the one before it.</summary>
    public LiveJob? Trim()
    {
        if (!IsOverLimit) return null;
        var last = _window.Max!;
        _window.Remove(last);
        last.InWindow = false;
        (_behind ??= []).Add(last);
        var end = _window.Max!;
        Horizon = new LanePosition(end.Score, end.Id);
        if (Batch is null) return last;
        // When a batch is there is told by the window.
        index.Changed(this);
        index.Tell(this);
        return last;
    }

    public SortedSet<LiveJob> Window => _window;

    /// <summary>The counter of this lane's queue and type for a state.</summary>
    public string CountKey(JobState state) => (_countKeys ??= new string?[5])[(int)state] ??= CountKeyOf(state, Queue, Type);

    public static string CountKeyOf(JobState state, string queue, string type) => $"{(int)state}/{queue}/{type}";

    private void Insert(LiveJob job) => job.InWindow = _window.Add(job);

    private void StopReading()
    {
        _leftDuringRead = null;
        index.Reading.Remove(this);
    }

    private static bool IsWithin(LiveJob job, LanePosition horizon) =>
        job.Score < horizon.Score || (job.Score == horizon.Score && string.CompareOrdinal(job.Id, horizon.Id) <= 0);

    private sealed class WindowOrder : IComparer<LiveJob>
    {
        public static readonly WindowOrder Instance = new();

        public int Compare(LiveJob? x, LiveJob? y) => x!.Score != y!.Score ? x.Score.CompareTo(y.Score) : string.CompareOrdinal(x.Id, y.Id);
    }
}
