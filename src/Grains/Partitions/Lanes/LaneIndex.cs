using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>
/// The lanes of a partition, found by name, by what a worker can run, and by when their first job falls due. A lane says when it has changed,
/// so that nothing here ever looks at all of them: what an operation costs goes by the lanes that it touches. Lanes are forgotten with their
/// last job.
/// </summary>
/// <param name="keptEmpty">Empty lanes that are kept all the same: a lane that is empty now and then need not be made anew each time.</param>
internal sealed class LaneIndex(int windowJobs, int keptEmpty = LaneIndex.KeptEmpty)
{
    /// <summary>Jobs in the windows of all lanes together, about: with many lanes each gets less.</summary>
    public const int SharedWindowJobs = 1 << 16;

    /// <summary>However many lanes there are, a window holds so many.</summary>
    private const int LeastWindow = 4;

    /// <summary>What is kept unless somebody says otherwise.</summary>
    public const int KeptEmpty = 64;

    private readonly Dictionary<string, Lane> _byName = new(StringComparer.Ordinal);
    private readonly IndexedHeap<Lane> _later = new(static (x, y) => x.First!.Due < y.First!.Due);
    private readonly Dictionary<string, ReadyLanes> _ready = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ReadyLanes> _suspects = new(StringComparer.Ordinal);
    // Those that have waited longest are read first.
    private readonly Queue<Lane> _low = [];
    private readonly List<Lane> _grown = [];
    private readonly List<Lane> _empty = [];
    private List<Lane> _news = [];
    private long _now = long.MinValue;

    public int Count => _byName.Count;

    public IReadOnlyCollection<Lane> All => _byName.Values;

    /// <summary>Nothing waits, whether in memory or not.</summary>
    public bool IsEmpty => _later.Count == 0 && _ready.Count == 0 && _suspects.Count == 0 && _low.Count == 0 && Reading.Count == 0;

    /// <summary>Who made the lanes.</summary>
    public LaneOwners Owners { get; } = new();

    /// <summary>The lanes that are being read; each puts itself in and takes itself out.</summary>
    public HashSet<Lane> Reading { get; } = [];

    /// <summary>Lanes whose window runs low, as far as they have said so.</summary>
    public int LowCount => _low.Count;

    /// <summary>Jobs that the window of one lane holds.</summary>
    public int WindowLimit => Math.Min(windowJobs, Math.Max(LeastWindow, SharedWindowJobs / Math.Max(1, _byName.Count)));

    public bool Contains(string name) => _byName.ContainsKey(name);

    /// <summary>The lane of a name, made where there is none.</summary>
    public Lane Of(string name)
    {
        if (_byName.TryGetValue(name, out var lane)) return lane;
        lane = Lane.Parse(name, this);
        _byName.Add(name, lane);
        // Until a job waits there: a lane that is made for one that has ended, or runs, may never hear of another.
        Note(lane, LaneNote.Empty, _empty);
        return lane;
    }

    /// <summary>Time has passed, or gone back: lanes whose first job has fallen due are ready from now on.</summary>
    public void Advance(long now)
    {
        if (now < _now)
        {
            _now = now;
            foreach (var lane in Ready().Where(lane => lane.First!.Due > now).ToList()) Changed(lane);
        }

        _now = now;
        while (_later.First is { } lane && lane.First!.Due <= now)
        {
            Changed(lane);
            Tell(lane);
        }
    }

    /// <summary>The lane's first job is another one, or its window has grown or shrunk.</summary>
    public void Changed(Lane lane)
    {
        var isReady = lane.First is { } first && first.Due <= _now;
        if (lane.Standing == LaneStanding.Ready)
        {
            if (isReady) ReadyOf(lane).Update(lane);
            else LeaveReady(lane);
        }
        else if (lane.Standing == LaneStanding.Later)
        {
            if (isReady || lane.First is null) LeaveLater(lane);
            else _later.Update(lane);
        }

        if (lane.Standing == LaneStanding.None && isReady) EnterReady(lane);
        else if (lane.Standing == LaneStanding.None && lane.First is not null) EnterLater(lane);
        if (lane.NeedsPage) NoteLow(lane);
        if (lane.IsOverLimit) Note(lane, LaneNote.Grown, _grown);
        if (lane.IsIdle) Note(lane, LaneNote.Empty, _empty);
    }

    /// <summary>There is something in this lane that was not there before, and nobody has been told.</summary>
    public void Tell(Lane lane)
    {
        if (lane.Standing == LaneStanding.Ready) Note(lane, LaneNote.News, _news);
    }

    /// <summary>Everything that is ready is to be told, again.</summary>
    public void TellAll()
    {
        foreach (var lane in Ready()) Tell(lane);
    }

    /// <summary>The ready lanes that have news, those that go first before others. They have none from now on.</summary>
    public List<Lane> TakeNews(long now)
    {
        Advance(now);
        var news = _news;
        if (news.Count == 0) return news;
        _news = [];
        foreach (var lane in news) lane.Notes &= ~LaneNote.News;
        news.RemoveAll(static lane => lane.Standing != LaneStanding.Ready);
        if (news.Count > 1) news.Sort(static (x, y) => Lane.IsAhead(x, y) ? -1 : Lane.IsAhead(y, x) ? 1 : 0);
        return news;
    }

    /// <summary>A lane whose window runs low and whose next page is not being read; null where there is none.</summary>
    public Lane? TakeLow()
    {
        while (_low.TryDequeue(out var lane))
        {
            lane.Notes &= ~LaneNote.Low;
            if (lane.NeedsPage) return lane;
        }

        return null;
    }

    /// <summary>Lanes whose window holds more than it should.</summary>
    public List<Lane> TakeGrown() => Take(_grown, LaneNote.Grown, static lane => lane.IsOverLimit);

    /// <summary>Forgets lanes that hold nothing, in memory or in the store, where they are more than a few.</summary>
    public void Forget()
    {
        if (_empty.Count > keptEmpty) ForgetAll();
    }

    /// <summary>Forgets all lanes that hold nothing.</summary>
    public void ForgetAll()
    {
        foreach (var lane in Take(_empty, LaneNote.Empty, static lane => lane.IsIdle))
        {
            // Never another of its name.
            if (_byName.GetValueOrDefault(lane.Name) == lane) _byName.Remove(lane.Name);
            Owners.Disown(lane);
        }
    }

    /// <summary>The best ready lane of a worker: of the highest priority, and within it the one whose first job has been due longest.</summary>
    public Lane? FirstFor(WorkerProfile worker, SuspectWish suspects, Dictionary<string, int>? room)
    {
        Lane? best = null;
        if (suspects is not SuspectWish.OneAlone && _ready.Count > 0) Look(_ready);
        if (suspects is not SuspectWish.None && _suspects.Count > 0) Look(_suspects);
        return best;

        void Look(Dictionary<string, ReadyLanes> ready)
        {
            if (ready.Count < worker.Types.Length)
            {
                foreach (var (type, lanes) in ready)
                {
                    if (Array.IndexOf(worker.Types, type) >= 0) Consider(lanes);
                }
            }
            else
            {
                foreach (var type in worker.Types)
                {
                    if (ready.TryGetValue(type, out var lanes)) Consider(lanes);
                }
            }
        }

        void Consider(ReadyLanes lanes)
        {
            if (lanes.FirstFor(worker, room) is { } lane && (best is null || Lane.IsAhead(lane, best))) best = lane;
        }
    }

    /// <summary>A lane of suspects has jobs, in memory or not.</summary>
    public bool HasSuspects => _byName.Values.Any(static lane => lane is { Suspects: true, Count: > 0 });

    /// <summary>Whether suspects are ready that a worker could run.</summary>
    public bool HasSuspectsFor(WorkerProfile worker, long now)
    {
        if (_suspects.Count == 0) return false;
        var held = false;
        return worker.Types.Any(type => _suspects.TryGetValue(type, out var lanes) && lanes.Count(worker, now, 1, null, ref held) > 0);
    }

    /// <summary>How many jobs a worker could have, counted up to a limit; suspects, which it asks for apart, not among them.</summary>
    /// <param name="heldBack">There are others that it could have, suspects too, were it not for its closed queues or its room.</param>
    public int CountFor(WorkerProfile worker, long now, int limit, Dictionary<string, int>? room, out bool heldBack)
    {
        var held = false;
        var count = 0;
        foreach (var type in worker.Types)
        {
            if (count < limit && _ready.TryGetValue(type, out var lanes)) count += lanes.Count(worker, now, limit - count, room, ref held);
            if (!_suspects.TryGetValue(type, out var suspects)) continue;
            // For the sake of what is held back.
            suspects.Count(worker, now, limit, room, ref held);
        }

        heldBack = held;
        return Math.Min(count, limit);
    }

    /// <summary>The ready lanes, in no order.</summary>
    public IEnumerable<Lane> Ready() => _ready.Values.Concat(_suspects.Values).SelectMany(static lanes => lanes.All);

    /// <summary>When the next lane will be ready; null where none waits for the clock.</summary>
    public long? NextDue => _later.First?.First!.Due;

    private void EnterReady(Lane lane)
    {
        var ready = lane.Suspects ? _suspects : _ready;
        if (!ready.TryGetValue(lane.Type, out var lanes)) ready.Add(lane.Type, lanes = new ReadyLanes());
        lanes.Add(lane);
        lane.Standing = LaneStanding.Ready;
    }

    private void LeaveReady(Lane lane)
    {
        var lanes = ReadyOf(lane);
        lanes.Remove(lane);
        if (lanes.IsEmpty) (lane.Suspects ? _suspects : _ready).Remove(lane.Type);
        lane.Standing = LaneStanding.None;
    }

    private void EnterLater(Lane lane)
    {
        _later.Add(lane);
        lane.Standing = LaneStanding.Later;
    }

    private void LeaveLater(Lane lane)
    {
        _later.Remove(lane);
        lane.Standing = LaneStanding.None;
    }

    private ReadyLanes ReadyOf(Lane lane) => (lane.Suspects ? _suspects : _ready)[lane.Type];

    private void NoteLow(Lane lane)
    {
        if ((lane.Notes & LaneNote.Low) != 0) return;
        lane.Notes |= LaneNote.Low;
        _low.Enqueue(lane);
    }

    private static void Note(Lane lane, LaneNote note, List<Lane> list)
    {
        if ((lane.Notes & note) != 0) return;
        lane.Notes |= note;
        list.Add(lane);
    }

    private static List<Lane> Take(List<Lane> list, LaneNote note, Predicate<Lane> still)
    {
        if (list.Count == 0) return [];
        var taken = list.FindAll(still);
        foreach (var lane in list) lane.Notes &= ~note;
        list.Clear();
        return taken;
    }
}

/// <summary>Where the index keeps a lane.</summary>
internal enum LaneStanding : byte
{
    /// <summary>Nothing of it is in memory.</summary>
    None,

    /// <summary>Its first job is not due yet.</summary>
    Later,
    Ready,
}

/// <summary>The lists of the index that a lane is on.</summary>
[Flags]
internal enum LaneNote : byte
{
    None = 0,
    News = 1,
    Low = 2,
    Grown = 4,
    Empty = 8,
}
