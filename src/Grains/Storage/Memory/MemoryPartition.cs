using System.Runtime.InteropServices;
using OrleansJobs.Diagnostics;
using OrleansJobs.Records;

namespace OrleansJobs.Storage;

/// <summary>One partition's data in memory. Its store holds a lock around every call.</summary>
internal sealed class MemoryPartition
{
    private readonly Dictionary<string, byte[]> _specs = [];
    private readonly Dictionary<string, byte[]> _tracks = [];
    private readonly Dictionary<string, byte[]> _leases = [];
    private readonly Dictionary<string, byte[]> _outcomes = [];
    private readonly Dictionary<string, ScoredSet> _lanes = [];
    private readonly Dictionary<(string Queue, string Type), StampedLog> _logs = [];
    private readonly Dictionary<string, ScoredSet> _indexes = [];
    private readonly Dictionary<string, long> _counts = [];
    private readonly ScoredSet _retention = new();
    private readonly ScoredSet _deadlines = new();
    private long _generation;
    private long _sequence;
    private long _lastStamp;

    /// <param name="above">The generation is above this one.</param>
    public PartitionOpening Open(long above)
    {
        var existed = _generation > 0;
        _generation = Math.Max(_generation, above) + 1;
        _sequence = 0;
        return new()
        {
            Generation = _generation,
            Existed = existed,
            Leases = [.. _leases],
            Lanes = [.. _lanes.Select(lane => new LaneSummary(lane.Key, lane.Value.Count, lane.Value.First.Score))],
            Counts = [.. _counts],
            LastStamp = _lastStamp,
            NextDeadline = _deadlines.Count > 0 ? _deadlines.First.Score : null,
        };
    }

    public CommitOutcome Commit(PartitionCommit commit)
    {
        if (!Sabotage.IsOff(Safeguard.GenerationCheck))
        {
            if (_generation == 0) return CommitOutcome.Lost;
            if (commit.Generation != _generation) return CommitOutcome.Fenced;
            if (commit.Sequence == _sequence) return CommitOutcome.Applied;
            if (commit.Sequence != _sequence + 1) return CommitOutcome.Fenced;
        }

        if (commit.Jobs.Count > 0) CommitRules.CheckAbove(commit.Jobs[0].Stamp, _lastStamp);

        Remove(commit);
        Add(commit);
        _sequence = commit.Sequence;
        return CommitOutcome.Applied;
    }

    public string[] Names() => [.. _lanes.Keys, .. _logs.Keys.Select(log => $"{log.Queue}/{log.Type}")];

    public StoredJob? Read(string id) =>
        _specs.TryGetValue(id, out var spec)
            ? new(spec, _tracks.GetValueOrDefault(id), _leases.GetValueOrDefault(id), _outcomes.GetValueOrDefault(id))
            : null;

    public StoredJob?[] ReadListed(IReadOnlyList<string> ids, ListedRead read)
    {
        var jobs = new List<StoredJob?>();
        for (long bytes = 0; jobs.Count < ids.Count && bytes < read.ByteBudget;)
        {
            var whole = Read(ids[jobs.Count]);
            var listed = whole is null ? null : whole with
            {
                Spec = RecordFields.Without(whole.Spec, read.SpecField),
                Outcome = whole.Outcome is { } outcome ? RecordFields.Without(outcome, read.OutcomeField) : null,
            };
            bytes += SizeOf(listed) + (SizeOf(whole) - SizeOf(listed)) / 64;
            jobs.Add(listed);
        }

        return [.. jobs];
    }

    public LaneEntry[] ReadLane(string lane, LanePosition after, int limit, int byteBudget) =>
        _lanes.TryGetValue(lane, out var waiting) ? WithRecords(waiting.Behind(after.Due, after.Id), limit, byteBudget) : [];

    public long CountDue(string lane, long now) => _lanes.TryGetValue(lane, out var waiting) ? waiting.UpTo(now).LongCount() : 0;

    public LaneEntry[] ReadDeadlines(long now, int limit) =>
        [.. _deadlines.UpTo(now).Take(limit).Select(line => new LaneEntry(line.Id, line.Score, null))];

    public string[] ReadExpired(long now, int limit) => [.. _retention.UpTo(now).Take(limit).Select(line => line.Id)];

    public LogEntry[] ReadLog(LogQuery query)
    {
        if (query.Index is { } index)
        {
            return _indexes.TryGetValue(index, out var lines)
                ? [.. lines.Between(query.After, query.Before).Take(query.Limit).Select(line => new LogEntry(line.Score, line.Id))]
                : [];
        }

        // Each log gives its newest; the newest of these are the newest of all.
        var found = new List<LogEntry>();
        foreach (var (log, lines) in _logs)
        {
            if (query.Queue is { } queue && queue != log.Queue || query.Type is { } type && type != log.Type) continue;
            found.AddRange(lines.Between(query.After, query.Before).Take(query.Limit));
        }

        found.Sort((x, y) => y.Stamp.CompareTo(x.Stamp));
        return [.. found.Take(query.Limit)];
    }

    private LaneEntry[] WithRecords(IEnumerable<ScoredSet.Line> lines, int limit, int byteBudget)
    {
        var entries = new List<LaneEntry>();
        long bytes = 0;
        foreach (var (due, id) in lines.Take(limit))
        {
            var job = bytes < byteBudget ? Read(id) : null;
            bytes += SizeOf(job);
            entries.Add(new(id, due, job));
        }

        return [.. entries];
    }

    private static int SizeOf(StoredJob? job) =>
        job is null ? 0 : job.Spec.Length + (job.Track?.Length ?? 0) + (job.Lease?.Length ?? 0) + (job.Outcome?.Length ?? 0);

    private void Remove(PartitionCommit commit)
    {
        foreach (var purge in commit.Purges)
        {
            _specs.Remove(purge.Id);
            _tracks.Remove(purge.Id);
            _leases.Remove(purge.Id);
            _outcomes.Remove(purge.Id);
            _retention.Remove(purge.Id);
            _deadlines.Remove(purge.Id);
            if (_logs.TryGetValue((purge.Queue, purge.Type), out var log))
            {
                log.Remove(purge.Stamp);
                if (log.Count == 0) _logs.Remove((purge.Queue, purge.Type));
            }

            foreach (var index in purge.Indexes) Remove(_indexes, index, purge.Id);
        }

        foreach (var (lane, id) in commit.LaneRemoves) Remove(_lanes, lane, id);
        foreach (var id in commit.LeaseRemoves) _leases.Remove(id);
        foreach (var id in commit.TrackRemoves) _tracks.Remove(id);
        foreach (var id in commit.OutcomeRemoves)
        {
            _outcomes.Remove(id);
            _retention.Remove(id);
        }

        foreach (var id in commit.DeadlineRemoves) _deadlines.Remove(id);
        foreach (var line in commit.IndexRemoves) Remove(_indexes, line.Index, line.Id);
    }

    private void Add(PartitionCommit commit)
    {
        foreach (var job in commit.Jobs)
        {
            _specs[job.Id] = job.Spec;
            Of(_logs, (job.Queue, job.Type)).Add(new(job.Stamp, job.Id));
            _lastStamp = job.Stamp;
        }

        foreach (var (lane, id, due) in commit.LaneAdds) Of(_lanes, lane).Put(id, due);
        foreach (var (id, lease) in commit.Leases) _leases[id] = lease;
        foreach (var (id, track) in commit.Tracks) _tracks[id] = track;
        foreach (var (id, outcome, retainUntil) in commit.Outcomes)
        {
            _outcomes[id] = outcome;
            _retention.Put(id, retainUntil);
        }

        foreach (var (id, deadline) in commit.Deadlines) _deadlines.Put(id, deadline);
        foreach (var (index, id, stamp) in commit.IndexAdds) Of(_indexes, index).Put(id, stamp);
        foreach (var (name, delta) in commit.CountDeltas)
        {
            var count = _counts.GetValueOrDefault(name) + delta;
            if (count == 0) _counts.Remove(name);
            else _counts[name] = count;
        }
    }

    private static TValue Of<TKey, TValue>(Dictionary<TKey, TValue> values, TKey key)
        where TKey : notnull
        where TValue : new()
    {
        ref var value = ref CollectionsMarshal.GetValueRefOrAddDefault(values, key, out _);
        return value ??= new();
    }

    private static void Remove(Dictionary<string, ScoredSet> sets, string name, string id)
    {
        if (!sets.TryGetValue(name, out var set)) return;
        set.Remove(id);
        if (set.Count == 0) sets.Remove(name);
    }
}
