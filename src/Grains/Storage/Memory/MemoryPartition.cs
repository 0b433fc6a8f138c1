using System.Runtime.InteropServices;
using OrleansJobs.Diagnostics;

namespace OrleansJobs.Storage;

/// <summary>One partition's data in memory. Its store holds a lock around every call.</summary>
internal sealed class MemoryPartition(StoreLayout layout)
{
    private readonly Dictionary<RowTable, Dictionary<string, byte[]>> _tables = [];
    private readonly Dictionary<ScoredPart, Dictionary<string, ScoredSet>> _sets = [];
    private readonly Dictionary<MergedLogs, Dictionary<string, StampedLog>> _logs = [];
    private readonly Dictionary<CounterTable, Dictionary<string, long>> _counters = [];
    private long _generation;
    private long _sequence;
    private long _lastStamp;

    /// <param name="above">The generation is above this one.</param>
    public PartitionOpening Open(long above)
    {
        var existed = _generation > 0;
        _generation = Math.Max(_generation, above) + 1;
        _sequence = 0;
        var opening = new PartitionOpening(_generation, existed, _lastStamp);
        foreach (var part in layout.Parts)
        {
            opening.With(part, part switch
            {
                RowTable { IsReadAtOpening: true } table => Of(_tables, table).ToArray(),
                OrderedSets { IsReadAtOpening: true } sets => Of(_sets, sets).Select(set => new SetSummary(set.Key, set.Value.Count, set.Value.First.Score)).ToArray(),
                OrderedSet set => Of(_sets, set).TryGetValue("", out var members) ? members.First.Score : null,
                CounterTable counters => Of(_counters, counters).ToArray(),
                _ => null,
            });
        }

        return opening;
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

        if (commit.LastStamp > 0) CommitRules.CheckAbove(commit.FirstStamp, _lastStamp);
        foreach (var changes in commit.Changes) Remove(changes);
        foreach (var changes in commit.Changes) Add(changes);
        _lastStamp = Math.Max(_lastStamp, commit.LastStamp);
        _sequence = commit.Sequence;
        return CommitOutcome.Applied;
    }

    /// <summary>The sets and logs there are.</summary>
    public string[] Names() => [.. _sets.Values.SelectMany(sets => sets.Keys), .. _logs.Values.SelectMany(logs => logs.Keys)];

    public StoredRows[] ReadRows(RowRead read, IReadOnlyList<string> keys)
    {
        var rows = new List<StoredRows>();
        for (long bytes = 0; rows.Count < keys.Count && bytes < read.ByteBudget;) rows.Add(Read(read, keys[rows.Count], ref bytes));
        return [.. rows];
    }

    public PagedLine[] ReadPage(SetName set, SetPlace after, int limit, RowRead read)
    {
        var page = new List<PagedLine>();
        long bytes = 0;
        foreach (var (score, member) in Set(set)?.Behind(after.Score, after.Member).Take(limit) ?? [])
            page.Add(new(member, score, bytes < read.ByteBudget ? Read(read, member, ref bytes) : null));
        return [.. page];
    }

    public SetLine[] ReadSet(SetName set, SetRange range)
    {
        var lines = Set(set)?.Between(range.From, range.To, range.Descending) ?? [];
        return [.. lines.Take(range.Limit).Select(line => new SetLine(line.Id, line.Score))];
    }

    public long Count(SetName set, long upTo) => Set(set)?.Between(long.MinValue, upTo, descending: false).LongCount() ?? 0;

    public LogLine[] ReadLogs(MergedLogs logs, LogRange range)
    {
        if (range.IsEmpty) return [];
        // Each log gives its newest; the newest of these are the newest of all.
        var found = new List<LogLine>();
        foreach (var (name, lines) in Of(_logs, logs))
        {
            if (range.Fits?.Invoke(name) != false) found.AddRange(lines.Between(range.After, range.Before).Take(range.Limit));
        }

        found.Sort((x, y) => y.Stamp.CompareTo(x.Stamp));
        return [.. found.Take(range.Limit)];
    }

    private StoredRows Read(RowRead read, string key, ref long bytes)
    {
        if (!Of(_tables, read.Columns[0].Table).ContainsKey(key)) return default;
        var values = new byte[]?[read.Columns.Length];
        for (var i = 0; i < values.Length; i++)
        {
            if (Of(_tables, read.Columns[i].Table).TryGetValue(key, out var row)) values[i] = read.Columns[i].Trim(row, ref bytes);
        }

        return new(values);
    }

    private void Remove(PartChanges changes)
    {
        switch (changes)
        {
            case RowChanges rows:
                foreach (var key in rows.Removes) Of(_tables, rows.Table).Remove(key);
                break;
            case SetChanges sets:
                foreach (var (name, member, score) in sets.Removes)
                {
                    if (!Of(_sets, sets.Sets).TryGetValue(name, out var set)) continue;
                    set.Remove(member, score);
                    if (set.Count == 0) Of(_sets, sets.Sets).Remove(name);
                }

                break;
            case LogChanges logs:
                foreach (var (name, stamp) in logs.Removes)
                {
                    if (!Of(_logs, logs.Logs).TryGetValue(name, out var log)) continue;
                    log.Remove(stamp);
                    if (log.Count == 0) Of(_logs, logs.Logs).Remove(name);
                }

                break;
        }
    }

    private void Add(PartChanges changes)
    {
        switch (changes)
        {
            case RowChanges rows:
                foreach (var (key, row) in rows.Puts) Of(_tables, rows.Table)[key] = row;
                break;
            case SetChanges sets:
                foreach (var (name, member, score) in sets.Puts) Of(Of(_sets, sets.Sets), name).Put(member, score);
                break;
            case LogChanges logs:
                foreach (var (name, stamp, member) in logs.Puts) Of(Of(_logs, logs.Logs), name).Add(new(stamp, member));
                break;
            case CounterChanges counters:
                foreach (var (name, delta) in counters.Deltas)
                {
                    var known = Of(_counters, counters.Counters);
                    var count = known.GetValueOrDefault(name) + delta;
                    if (count == 0) known.Remove(name);
                    else known[name] = count;
                }

                break;
        }
    }

    private ScoredSet? Set(SetName set) => Of(_sets, set.Part).GetValueOrDefault(set.Name);

    private static TValue Of<TKey, TValue>(Dictionary<TKey, TValue> values, TKey key)
        where TKey : notnull
        where TValue : new()
    {
        ref var value = ref CollectionsMarshal.GetValueRefOrAddDefault(values, key, out _);
        return value ??= new();
    }
}
