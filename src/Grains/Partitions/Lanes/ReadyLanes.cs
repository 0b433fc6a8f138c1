using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>
/// The lanes of one type whose first job is due, gathered by queue: workers differ in the queues that they serve or have closed, and queues
/// may be many. Lanes of one queue and type are few, one a priority.
/// </summary>
internal sealed class ReadyLanes
{
    private readonly Dictionary<string, ReadyQueue> _byQueue = new(StringComparer.Ordinal);
    private readonly IndexedHeap<ReadyQueue> _order = new(static (x, y) => Lane.IsAhead(x.First, y.First));

    public bool IsEmpty => _order.Count == 0;

    public void Add(Lane lane)
    {
        if (!_byQueue.TryGetValue(lane.Queue, out var queue)) _byQueue.Add(lane.Queue, queue = new ReadyQueue());
        queue.Lanes.Add(lane);
        if (queue.Lanes.Count == 1) _order.Add(queue);
        else _order.Update(queue);
    }

    /// <summary>Another job is first in the lane.</summary>
    public void Update(Lane lane) => _order.Update(_byQueue[lane.Queue]);

    public void Remove(Lane lane)
    {
        var queue = _byQueue[lane.Queue];
        queue.Lanes.Remove(lane);
        if (queue.Lanes.Count > 0)
        {
            _order.Update(queue);
            return;
        }

        _order.Remove(queue);
        _byQueue.Remove(lane.Queue);
    }

    /// <summary>The first lane in order that this worker may have a job of.</summary>
    public Lane? FirstFor(WorkerProfile worker, Dictionary<string, int>? room)
    {
        if (worker.Queues is not { } served || served.Length >= _order.Count)
            return _order.First is { } first && LaneFit.OfQueue(worker, first.First.Queue, room) == Fit.Open
                ? first.First
                : _order.FirstWhere(queue => LaneFit.OfQueue(worker, queue.First.Queue, room) == Fit.Open)?.First;
        Lane? best = null;
        foreach (var name in served)
        {
            if (_byQueue.TryGetValue(name, out var queue) && LaneFit.OfQueue(worker, name, room) == Fit.Open && (best is null || Lane.IsAhead(queue.First, best))) best = queue.First;
        }

        return best;
    }

    /// <summary>Counts what a worker could have, up to a limit.</summary>
    /// <param name="heldBack">Set where something is kept from it by a closed queue or its room.</param>
    public int Count(WorkerProfile worker, long now, int limit, Dictionary<string, int>? room, ref bool heldBack)
    {
        var ready = 0;
        if (worker.Queues is { } served && served.Length < _order.Count)
        {
            foreach (var name in served)
            {
                if (ready < limit && _byQueue.TryGetValue(name, out var queue)) ready += Count(queue, worker, now, limit - ready, room, ref heldBack);
            }

            return ready;
        }

        foreach (var queue in _order.Items)
        {
            if (ready >= limit) break;
            ready += Count(queue, worker, now, limit - ready, room, ref heldBack);
        }

        return ready;
    }

    public IEnumerable<Lane> All => _order.Items.SelectMany(queue => queue.Lanes);

    private static int Count(ReadyQueue queue, WorkerProfile worker, long now, int limit, Dictionary<string, int>? room, ref bool heldBack)
    {
        switch (LaneFit.OfQueue(worker, queue.First.Queue, room))
        {
            case Fit.Open:
                var ready = 0;
                foreach (var lane in queue.Lanes)
                {
                    if (ready < limit) ready += lane.CountReady(now, limit - ready);
                }

                return ready;
            case Fit.HeldBack:
                heldBack = true;
                return 0;
            default:
                return 0;
        }
    }

    private sealed class ReadyQueue : IHeapItem
    {
        public List<Lane> Lanes { get; } = new(1);

        public int HeapIndex { get; set; } = -1;

        public Lane First
        {
            get
            {
                var first = Lanes[0];
                for (var i = 1; i < Lanes.Count; i++)
                {
                    if (Lane.IsAhead(Lanes[i], first)) first = Lanes[i];
                }

                return first;
            }
        }
    }
}
