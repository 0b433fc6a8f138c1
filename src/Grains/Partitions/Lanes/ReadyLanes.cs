using OrleansJobs.Keys;
using OrleansJobs.Lending;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>
/// The lanes of one type whose first job is due, gathered by queue: workers differ in the queues that they serve or have closed, and queues
/// may be many. Lanes of one queue and type are few, one a priority.
/// </summary>
internal sealed class ReadyLanes
{
    /// <summary>Queues whose keys are weighed; beyond that one partition has as many as another, more or less.</summary>
    private const int MostWeighed = 256;

    private readonly Dictionary<string, ReadyQueue> _byQueue = new(StringComparer.Ordinal);

    /// <summary>Those that jobs may be handed out from: what a queue's limits hold back stands in the way of nothing.</summary>
    private readonly IndexedHeap<ReadyQueue> _order = new(static (x, y) => Lane.IsAhead(x.Oldest, y.Oldest));

    /// <summary>Those whose permits are asked for when a worker comes.</summary>
    private HashSet<ReadyQueue>? _resting;

    public bool IsEmpty => _byQueue.Count == 0;

    /// <inheritdoc cref="_resting"/>
    public IReadOnlyCollection<ReadyQueue> Resting => _resting ?? (IReadOnlyCollection<ReadyQueue>)[];

    public void Add(Lane lane)
    {
        if (!_byQueue.TryGetValue(lane.Queue, out var queue))
        {
            _byQueue.Add(lane.Queue, queue = new ReadyQueue(lane.Queue, lane.Limit, this));
            queue.Limit?.Queues.Add(queue);
        }

        queue.Add(lane);
        Place(queue);
    }

    /// <summary>Another job is first in the lane.</summary>
    public void Update(Lane lane)
    {
        var queue = _byQueue[lane.Queue];
        queue.Update(lane);
        if (queue.HeapIndex >= 0) _order.Update(queue);
    }

    /// <summary>What of a queue is ready, and may be handed out; null where nothing is.</summary>
    public ReadyQueue? Find(string queue) => _byQueue.TryGetValue(queue, out var ready) && IsOpen(ready) ? ready : null;

    public void Remove(Lane lane)
    {
        var queue = _byQueue[lane.Queue];
        queue.Remove(lane);
        if (queue.Count > 0)
        {
            if (queue.HeapIndex >= 0) _order.Update(queue);
            return;
        }

        if (queue.HeapIndex >= 0) _order.Remove(queue);
        _resting?.Remove(queue);
        _byQueue.Remove(lane.Queue);
        queue.Limit?.Queues.Remove(queue);
    }

    /// <summary>Its first job is another one, or its limits have more or less room than before.</summary>
    public void Place(ReadyQueue queue)
    {
        if (queue.HeapIndex < 0)
        {
            if (IsOpen(queue)) _order.Add(queue);
        }
        else if (IsOpen(queue)) _order.Update(queue);
        else _order.Remove(queue);

        if (queue.Limit is not { } limit) return;
        if (limit.Standing == QueueStanding.Resting) (_resting ??= []).Add(queue);
        else _resting?.Remove(queue);
    }

    /// <summary>The first queue in order that this worker may have a job of.</summary>
    public ReadyQueue? FirstFor(WorkerProfile worker, Dictionary<string, int>? room)
    {
        if (worker.Queues is not { } served || served.Length >= _order.Count)
            return _order.First is { } first && LaneFit.OfQueue(worker, first.Name, room) == Fit.Open
                ? first
                : _order.FirstWhere(queue => LaneFit.OfQueue(worker, queue.Name, room) == Fit.Open);
        ReadyQueue? best = null;
        foreach (var name in served)
        {
            if (Find(name) is { } queue && LaneFit.OfQueue(worker, name, room) == Fit.Open && (best is null || Lane.IsAhead(queue.Oldest, best.Oldest))) best = queue;
        }

        return best;
    }

    /// <summary>Counts what a worker could have, up to a limit.</summary>
    /// <param name="heldBack">Set where something is kept from it by a closed queue or its room.</param>
    /// <param name="shares">What keys with several lanes, and limits of queues, have been counted for already; null: none has been.</param>
    public int Count(WorkerProfile worker, long now, int limit, Dictionary<string, int>? room, ref bool heldBack, ref Dictionary<object, int>? shares)
    {
        var ready = 0;
        if (worker.Queues is { } served && served.Length < _order.Count + Resting.Count)
        {
            foreach (var name in served)
            {
                if (ready < limit && _byQueue.TryGetValue(name, out var queue)) ready += Count(queue, worker, now, limit - ready, room, ref heldBack, ref shares);
            }

            return ready;
        }

        foreach (var queue in _order.Items)
        {
            if (ready >= limit) break;
            ready += Count(queue, worker, now, limit - ready, room, ref heldBack, ref shares);
        }

        if (_resting is null) return ready;
        foreach (var queue in _resting)
        {
            if (ready >= limit) break;
            ready += Count(queue, worker, now, limit - ready, room, ref heldBack, ref shares);
        }

        return ready;
    }

    /// <summary>
    /// What the keys weigh together that have something ready for a worker, and how many queues have jobs without a key; of the first queues in order, where there are
    /// very many.
    /// </summary>
    public (int Keys, int Plain) WeightFor(WorkerProfile worker)
    {
        var (keys, plain, left) = (0, 0, MostWeighed);
        foreach (var queue in _order.Items)
        {
            if (left-- == 0) break;
            if (LaneFit.OfQueue(worker, queue.Name, room: null) is not Fit.Open) continue;
            keys += queue.Weight;
            plain += queue.HasPlain ? 1 : 0;
        }

        return (keys, plain);
    }

    public IEnumerable<Lane> All => _byQueue.Values.SelectMany(queue => queue.Lanes);

    private static bool IsOpen(ReadyQueue queue) => queue.Limit is not { } limit || limit.Standing == QueueStanding.Open;

    private static int Count(ReadyQueue queue, WorkerProfile worker, long now, int limit, Dictionary<string, int>? room, ref bool heldBack, ref Dictionary<object, int>? shares)
    {
        // Who waits for what the home lends is told when it has.
        if (queue.Limit is { Standing: QueueStanding.Held }) return 0;
        switch (LaneFit.OfQueue(worker, queue.Name, room))
        {
            case Fit.Open:
                var ready = 0;
                if (queue.Limit is { } limits && (limit = Math.Min(limit, limits.Offered - (shares?.GetValueOrDefault(limits) ?? 0))) <= 0) return 0;
                foreach (var lane in queue.Lanes)
                {
                    if (ready >= limit) break;
                    ready += lane.Line is { Lanes.Count: > 1, Limits.Room: < int.MaxValue } line ? Share(lane, line, now, limit - ready, ref shares) : lane.CountReady(now, limit - ready);
                }

                if (queue.Limit is { } shared) (shares ??= [])[shared] = shares.GetValueOrDefault(shared) + ready;
                return ready;
            case Fit.HeldBack:
                heldBack = true;
                return 0;
            default:
                return 0;
        }
    }

    /// <summary>What the key of several lanes allows is there for them together.</summary>
    private static int Share(Lane lane, KeyLine line, long now, int limit, ref Dictionary<object, int>? shares)
    {
        shares ??= [];
        var counted = shares.GetValueOrDefault(line);
        var share = lane.CountReady(now, Math.Min(limit, line.Limits.Room - counted));
        shares[line] = counted + share;
        return share;
    }
}
