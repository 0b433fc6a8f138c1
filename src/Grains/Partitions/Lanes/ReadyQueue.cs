using OrleansJobs.Lending;

namespace OrleansJobs.Partitions;

/// <summary>The ready lanes of one queue and type. Those without keys are few, one a priority; those of keys may be many, and take turns.</summary>
/// <param name="limit">The limits of the queue; null: there are none.</param>
/// <param name="owner">Where it stands.</param>
internal sealed class ReadyQueue(string name, QueueLine? limit, ReadyLanes owner) : IHeapItem
{
    private readonly List<Lane> _plain = new(1);
    private KeyedLanes? _keyed;

    public string Name { get; } = name;

    public QueueLine? Limit { get; } = limit;

    public ReadyLanes Owner { get; } = owner;

    public int HeapIndex { get; set; } = -1;

    public int Count => _plain.Count + (_keyed?.Count ?? 0);

    /// <summary>What the keys weigh together that have something here, once for each of their lanes.</summary>
    public int Weight => _keyed?.Weight ?? 0;

    public bool HasPlain => _plain.Count > 0;

    public IEnumerable<Lane> Lanes => _keyed is null ? _plain : _plain.Concat(_keyed.All);

    /// <summary>The lane that goes next.</summary>
    public Lane First
    {
        get
        {
            var plain = FirstPlain();
            if (_keyed is not { Next: { } next }) return plain!;
            return plain is null || GoesBefore(next, plain) ? next : plain;
        }
    }

    /// <summary>The lane whose first job has been due longest, of the highest priority: by it queues go, whoever's turn it is within them.</summary>
    public Lane Oldest
    {
        get
        {
            var plain = FirstPlain();
            if (_keyed is not { Oldest: { } oldest }) return plain!;
            return plain is null || Lane.IsAhead(oldest, plain) ? oldest : plain;
        }
    }

    public void Add(Lane lane)
    {
        if (lane.Turn is null) _plain.Add(lane);
        else (_keyed ??= new KeyedLanes()).Add(lane);
    }

    public void Remove(Lane lane)
    {
        if (lane.Turn is null) _plain.Remove(lane);
        else _keyed!.Remove(lane);
    }

    public void Update(Lane lane)
    {
        if (lane.Turn is not null) _keyed!.Update(lane);
    }

    /// <summary>Of one queue: higher priorities go first, within one the key whose turn it is, and within a key the job that has been due longest.</summary>
    public static bool GoesBefore(Lane lane, Lane other)
    {
        if (lane.Priority != other.Priority) return lane.Priority > other.Priority;
        if ((lane.Turn ?? other.Turn) is not { Clock: var clock } || lane.Turn == other.Turn) return lane.First!.Due < other.First!.Due;
        var (tag, others) = (Tag(lane), Tag(other));
        return tag != others ? tag < others : lane.First!.Due < other.First!.Due;

        long Tag(Lane of) => of.Turn is { } turn ? turn.Tag : Math.Max(clock.Plain.Tag, clock.Now);
    }

    private Lane? FirstPlain()
    {
        if (_plain.Count == 0) return null;
        var first = _plain[0];
        for (var i = 1; i < _plain.Count; i++)
        {
            if (Lane.IsAhead(_plain[i], first)) first = _plain[i];
        }

        return first;
    }

    /// <summary>Lanes of keys, by turn and by age.</summary>
    private sealed class KeyedLanes
    {
        private readonly IndexedHeap<Lane> _byTurn = new(GoesBefore);
        private readonly IndexedHeap<Aged> _byAge = new(static (x, y) => Lane.IsAhead(x.Lane, y.Lane));
        private readonly Dictionary<Lane, Aged> _aged = [];

        public int Count => _byTurn.Count;

        public int Weight { get; private set; }

        public Lane? Next => _byTurn.First;

        public Lane? Oldest => _byAge.First?.Lane;

        public IEnumerable<Lane> All => _byTurn.Items;

        public void Add(Lane lane)
        {
            var aged = new Aged(lane);
            _aged.Add(lane, aged);
            _byTurn.Add(lane);
            _byAge.Add(aged);
            Weigh(aged, lane.Turn!.Weight);
        }

        public void Remove(Lane lane)
        {
            _byTurn.Remove(lane);
            if (!_aged.Remove(lane, out var aged)) return;
            _byAge.Remove(aged);
            Weigh(aged, 0);
        }

        public void Update(Lane lane)
        {
            _byTurn.Update(lane);
            var aged = _aged[lane];
            _byAge.Update(aged);
            Weigh(aged, lane.Turn!.Weight);
        }

        private void Weigh(Aged aged, int weight)
        {
            Weight += weight - aged.Weight;
            aged.Weight = weight;
        }
    }

    private sealed class Aged(Lane lane) : IHeapItem
    {
        public Lane Lane { get; } = lane;

        /// <summary>What its key weighed when it was looked at last.</summary>
        public int Weight { get; set; }

        public int HeapIndex { get; set; } = -1;
    }
}
