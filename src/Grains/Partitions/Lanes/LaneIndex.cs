using OrleansJobs.Batches;
using OrleansJobs.Diagnostics;
using OrleansJobs.Keys;
using OrleansJobs.Lending;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>
/// The lanes of a partition, found by name, by what a worker can run, and by when their first job falls due. A lane says when it has changed,
/// so that nothing here ever looks at all of them: what an operation costs goes by the lanes that it touches. Lanes are forgotten with their
/// last job.
/// </summary>
/// <param name="keptEmpty">Empty lanes that are kept all the same: a lane that is empty now and then need not be made anew each time.</param>
/// <param name="keys">Opens and closes the lanes of keys; null: there are none.</param>
/// <param name="limits">Says which queues have limits; null: none has.</param>
/// <param name="batches">Says of which types jobs go in batches; null: of none.</param>
internal sealed class LaneIndex(int windowJobs, int keptEmpty = LaneIndex.KeptEmpty, KeyBook? keys = null, QueueLimitBook? limits = null, BatchBook? batches = null)
{
    /// <summary>Jobs in the windows of all lanes together, about: with many lanes each gets less.</summary>
    public const int SharedWindowJobs = 1 << 16;

    /// <summary>However many lanes there are, a window holds so many.</summary>
    private const int LeastWindow = 4;

    /// <summary>What is kept unless somebody says otherwise.</summary>
    public const int KeptEmpty = 64;

    private readonly Dictionary<string, Lane> _byName = new(StringComparer.Ordinal);
    private readonly IndexedHeap<Lane> _later = new(static (x, y) => x.ReadyAt < y.ReadyAt);
    private readonly Dictionary<string, ReadyLanes> _ready = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ReadyLanes> _suspects = new(StringComparer.Ordinal);
    // Those that have waited longest are read first.
    private readonly Queue<Lane> _low = [];
    private readonly List<Lane> _grown = [];
    private readonly List<Lane> _empty = [];
    private readonly List<Lane> _held = [];
    private List<Lane> _news = [];
    private long _now = long.MinValue;

    /// <summary>A lane's jobs change places among themselves: it is looked at once they have.</summary>
    private bool _isSeating;

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
        if (lane.Line is { } line) lane.Turn = keys!.Join(line, lane);
        lane.Limit = limits?.Find(lane.Queue);
        if (!lane.Suspects) lane.Batch = batches?.Of(lane.Type);
        // Until a job waits there: a lane that is made for one that has ended, or runs, may never hear of another.
        Note(lane, LaneNote.Empty, _empty);
        return lane;
    }

    /// <summary>The key of a lane that is being made.</summary>
    public KeyLine LineOf(string key) => keys!.LineOf(key);

    /// <summary>Time has passed, or gone back: lanes whose first job has fallen due are ready from now on.</summary>
    public void Advance(long now)
    {
        if (now < _now)
        {
            _now = now;
            foreach (var lane in Ready().Where(lane => lane.ReadyAt > now).ToList()) Changed(lane);
        }

        _now = now;
        keys?.Advance(now);
        limits?.Advance(now);
        // What time it is must be known: one that has just become due has its place for good.
        if (_held.Count > 0) foreach (var lane in Take(_held, LaneNote.Held, lane => lane is { Line.KeepsSeats: false, First: { } first } && KeySeat.IsKept(first, now))) LetPass(lane);
        while (_later.First is { } lane && lane.ReadyAt <= now)
        {
            Changed(lane);
            Tell(lane);
        }
    }

    /// <summary>The lane's first job is another one, or its window has grown or shrunk.</summary>
    public void Changed(Lane lane)
    {
        if (_isSeating) return;
        if (lane.Line is { KeepsSeats: false } && lane.First is { } front && KeySeat.IsKept(front, _now)) Note(lane, LaneNote.Held, _held);
        if (lane.Line is not { IsOrdered: true, Lanes.Count: > 1 } line || line.FindHead() is var head && head == line.Head)
        {
            Place(lane);
            return;
        }

        // Another of the key's lanes has the job that goes first. The one that has changed comes before others are compared with it.
        var was = line.Head;
        line.Head = head;
        Place(lane);
        if (was is not null && was != lane) Place(was);
        if (head is not null && head != lane) Place(head);
    }

    /// <summary>
    /// Jobs that are not due have the first places of a lane where the key's order held others back for them. Once it does so no more, they take those of when they
    /// are due.
    /// </summary>
    private void LetPass(Lane lane)
    {
        _isSeating = true;
        try
        {
            while (lane.First is { } first && KeySeat.IsKept(first, _now)) keys!.Seat!(first, KeySeat.At(first.Due));
        }
        finally
        {
            _isSeating = false;
        }

        Changed(lane);
    }

    private void Place(Lane lane)
    {
        var isDue = lane.First is not null && lane.ReadyAt <= _now;
        // What a key holds back stands nowhere: the key says when that is over.
        var isReady = isDue && (lane.Line is null || lane.Line.Admits(lane));
        if (lane.Standing == LaneStanding.Ready)
        {
            if (isReady) ReadyOf(lane).Update(lane);
            else LeaveReady(lane);
        }
        else if (lane.Standing == LaneStanding.Later)
        {
            if (isDue || lane.First is null) LeaveLater(lane);
            else _later.Update(lane);
        }

        if (lane.Standing == LaneStanding.None && isReady)
        {
            EnterReady(lane);
            // Nobody was told of it while its key held it back.
            if (lane.Line is not null) Tell(lane);
        }
        else if (lane.Standing == LaneStanding.None && !isDue && lane.First is not null) EnterLater(lane);
        if (lane.Limit is { } limit && lane.Standing == LaneStanding.Ready) limits!.Touch(limit);
        if (lane.NeedsPage) NoteLow(lane);
        if (lane.IsOverLimit) Note(lane, LaneNote.Grown, _grown);
        if (lane.IsIdle) Note(lane, LaneNote.Empty, _empty);
    }

    /// <summary>Jobs of a type go in batches from now on, or in others than before.</summary>
    public void Rebatch(string type, BatchPolicy? policy)
    {
        foreach (var lane in _byName.Values.Where(lane => lane.Type == type && !lane.Suspects).ToList())
        {
            lane.Gathered();
            // By what it is in its place goes by the policy.
            if (lane.Standing == LaneStanding.Ready) LeaveReady(lane);
            else if (lane.Standing == LaneStanding.Later) LeaveLater(lane);
            lane.Batch = policy;
            Changed(lane);
            Tell(lane);
        }
    }

    /// <summary>Queues have other limits than before.</summary>
    public void Relimit(HashSet<string> queues)
    {
        var lanes = _byName.Values.Where(lane => queues.Contains(lane.Queue)).ToList();
        foreach (var lane in lanes)
        {
            if (lane.Standing == LaneStanding.Ready) LeaveReady(lane);
            lane.Limit = limits!.Find(lane.Queue);
        }

        foreach (var lane in lanes)
        {
            Place(lane);
            Tell(lane);
        }
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

    /// <summary>
    /// Something is ready of which nobody has been told. A look at the clock alone makes it so, whoever looked: the lane waits for the clock no more, and who is woken
    /// by the clock must come for the news.
    /// </summary>
    public bool HasNews => _news.Exists(static lane => lane.Standing == LaneStanding.Ready);

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
            if (_byName.GetValueOrDefault(lane.Name) == lane)
            {
                _byName.Remove(lane.Name);
                if (lane.Line is { } line) keys!.Leave(line, lane);
            }

            Owners.Disown(lane);
        }
    }

    /// <summary>A job of the lane is handed out: its key has had a turn.</summary>
    public void Serve(Lane lane)
    {
        if (lane.Turn is not { } turn)
        {
            if (keys is { HasTurns: true } && keys.ClockOf(lane.Queue, lane.Priority) is { Ready: > 0 } clock) clock.Serve(clock.Plain);
            return;
        }

        turn.Clock.Serve(turn);
        if (turn.Ready < 2) return;
        foreach (var other in turn.Line!.Lanes)
        {
            if (other != lane && other.Turn == turn && other.Standing == LaneStanding.Ready) ReadyOf(other).Update(other);
        }
    }

    /// <summary>
    /// The best ready lane of a worker: of the queue whose first job has the highest priority, and within it has been due longest; and where its keys take turns,
    /// the lane whose turn it is.
    /// </summary>
    public Lane? FirstFor(WorkerProfile worker, SuspectWish suspects, Dictionary<string, int>? room)
    {
        ReadyQueue? oldest = null;
        Lane? best = null;
        Look();
        if (oldest is null) return null;
        if (keys is not { HasTurns: true }) return oldest.First;
        // Of one queue, whichever type's turn it is.
        var queue = oldest.Name;
        best = oldest.First;
        oldest = null;
        Look(queue);
        return best;

        void Look(string? only = null)
        {
            if (suspects is not SuspectWish.OneAlone && _ready.Count > 0) LookIn(_ready, only);
            if (suspects is not SuspectWish.None && _suspects.Count > 0) LookIn(_suspects, only);
        }

        void LookIn(Dictionary<string, ReadyLanes> ready, string? only)
        {
            if (ready.Count < worker.Types.Length)
            {
                foreach (var (type, lanes) in ready)
                {
                    if (Array.IndexOf(worker.Types, type) >= 0) Consider(lanes, only);
                }
            }
            else
            {
                foreach (var type in worker.Types)
                {
                    if (ready.TryGetValue(type, out var lanes)) Consider(lanes, only);
                }
            }
        }

        void Consider(ReadyLanes lanes, string? only)
        {
            if (only is not null)
            {
                if (lanes.Find(only) is { First: var first } && ReadyQueue.GoesBefore(first, best!)) best = first;
            }
            else if (lanes.FirstFor(worker, room) is { } queue && (oldest is null || Lane.IsAhead(queue.Oldest, oldest.Oldest))) oldest = queue;
        }
    }

    /// <summary>
    /// What the keys weigh together that have something ready for a worker in queues that are not closed, jobs without a key as one of weight 1 in each; 0 where no key
    /// has. Suspects are asked for by other rules.
    /// </summary>
    public int WeightFor(WorkerProfile worker)
    {
        if (keys is not { HasTurns: true } || Sabotage.IsOff(Safeguard.FairTurns)) return 0;
        var (keyed, plain) = (0, 0);
        foreach (var type in worker.Types)
        {
            if (_ready.TryGetValue(type, out var lanes) && lanes.WeightFor(worker) is var weight) (keyed, plain) = (keyed + weight.Keys, plain + weight.Plain);
        }

        return keyed > 0 ? keyed + plain : 0;
    }

    /// <summary>Ends the rest of those queues with limits that a worker could have jobs of.</summary>
    /// <returns>The one that goes first; null where none rested.</returns>
    public ReadyQueue? AwakenFor(WorkerProfile worker, Dictionary<string, int>? room)
    {
        ReadyQueue? best = null;
        foreach (var type in worker.Types)
        {
            if (_ready.TryGetValue(type, out var lanes)) AwakenIn(lanes);
            if (worker.Suspects is not SuspectWish.None && _suspects.TryGetValue(type, out var suspects)) AwakenIn(suspects);
        }

        return best;

        void AwakenIn(ReadyLanes lanes)
        {
            if (lanes.Resting.Count == 0) return;
            foreach (var queue in lanes.Resting.Where(queue => LaneFit.OfQueue(worker, queue.Name, room) == Fit.Open).ToList())
            {
                limits!.Awaken(queue.Limit!);
                if (best is null || Lane.IsAhead(queue.Oldest, best.Oldest)) best = queue;
            }
        }
    }

    /// <summary>A lane of suspects has jobs, in memory or not.</summary>
    public bool HasSuspects => _byName.Values.Any(static lane => lane is { Suspects: true, Count: > 0 });

    /// <summary>Whether suspects are ready that a worker could run.</summary>
    public bool HasSuspectsFor(WorkerProfile worker, long now)
    {
        if (_suspects.Count == 0) return false;
        var held = false;
        Dictionary<object, int>? shares = null;
        return worker.Types.Any(type => _suspects.TryGetValue(type, out var lanes) && lanes.Count(worker, now, 1, null, ref held, ref shares) > 0);
    }

    /// <summary>How many jobs a worker could have, counted up to a limit; suspects, which it asks for apart, not among them.</summary>
    /// <param name="heldBack">There are others that it could have, suspects too, were it not for its closed queues or its room.</param>
    public int CountFor(WorkerProfile worker, long now, int limit, Dictionary<string, int>? room, out bool heldBack)
    {
        var held = false;
        var count = 0;
        Dictionary<object, int>? shares = null, ofSuspects = null;
        foreach (var type in worker.Types)
        {
            if (count < limit && _ready.TryGetValue(type, out var lanes)) count += lanes.Count(worker, now, limit - count, room, ref held, ref shares);
            if (!_suspects.TryGetValue(type, out var suspects)) continue;
            // For the sake of what is held back.
            suspects.Count(worker, now, limit, room, ref held, ref ofSuspects);
        }

        heldBack = held;
        return Math.Min(count, limit);
    }

    /// <summary>The ready lanes, in no order.</summary>
    public IEnumerable<Lane> Ready() => _ready.Values.Concat(_suspects.Values).SelectMany(static lanes => lanes.All);

    /// <summary>When the next lane will be ready; null where none waits for the clock.</summary>
    public long? NextDue => _later.First?.ReadyAt;

    private void EnterReady(Lane lane)
    {
        var ready = lane.Suspects ? _suspects : _ready;
        if (!ready.TryGetValue(lane.Type, out var lanes)) ready.Add(lane.Type, lanes = new ReadyLanes());
        if (lane.Turn is { } turn)
        {
            if (turn.Ready++ == 0) turn.Clock.Enter(turn);
            turn.Clock.Ready++;
            keys!.Ready++;
        }

        lanes.Add(lane);
        lane.Standing = LaneStanding.Ready;
    }

    private void LeaveReady(Lane lane)
    {
        var lanes = ReadyOf(lane);
        lanes.Remove(lane);
        if (lanes.IsEmpty) (lane.Suspects ? _suspects : _ready).Remove(lane.Type);
        lane.Standing = LaneStanding.None;
        if (lane.Turn is not { } turn) return;
        turn.Ready--;
        turn.Clock.Ready--;
        keys!.Ready--;
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

    /// <summary>Its first job may hold others back without the right to.</summary>
    Held = 16,
}
