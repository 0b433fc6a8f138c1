using System.Globalization;
using OrleansJobs.Keys;
using OrleansJobs.Lending;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>
/// Attempts that have ended without their handlers: their time was over, or they were cancelled, and the handlers run on. Their jobs have ended and hold nothing; but
/// what limits count is what runs, so each keeps the permits of its key and its queue until its worker says that the handler has returned, or its silo is gone.
/// There are no more of them than slots, since each keeps one.
/// </summary>
internal sealed class StuckBook
{
    private readonly PendingChanges _changes;
    private readonly KeyBook _keys;
    private readonly QueueLimitBook _limits;
    private readonly Dictionary<LeaseName, Stuck> _stuck = [];

    public StuckBook(PartitionOpening opening, PendingChanges changes, KeyBook keys, QueueLimitBook limits)
    {
        (_changes, _keys, _limits) = (changes, keys, limits);
        foreach (var (token, row) in opening.Rows(GridLayout.Stuck.Attempts)) Add(StuckRecord.Decode(row), new RowEntry(GridLayout.Stuck.Attempts, token, row));
    }

    public IEnumerable<StuckRecord> All => _stuck.Values.Select(static stuck => stuck.Record);

    /// <summary>Where their handlers run.</summary>
    public string[] Silos => _stuck.Count == 0 ? [] : [.. All.Select(static stuck => stuck.Silo).Distinct()];

    public LeaseName[] At(string silo) => [.. All.Where(stuck => stuck.Silo == silo).Select(static stuck => stuck.Lease)];

    /// <summary>An attempt is about to end without its handler: what it holds stays taken. Where it runs with others, it stands for all of them, being the last.</summary>
    public void Keep(LiveJob job)
    {
        var record = new StuckRecord(new(job.Id, job.Track.Token), job.Track.Silo!, job.Lane.Queue, job.Lane.Line?.Key);
        if (_stuck.ContainsKey(record.Lease)) return;
        var row = new RowEntry(GridLayout.Stuck.Attempts, record.Lease.Token.ToString(CultureInfo.InvariantCulture));
        Add(record, row);
        _changes.Mark(row.Set(record.Encode()));
    }

    /// <summary>The handler has returned, or is no more.</summary>
    public void Release(LeaseName lease)
    {
        if (!_stuck.Remove(lease, out var stuck)) return;
        if (stuck.Line is { } line)
        {
            line.Stuck--;
            _keys.GiveBack(line);
        }

        _limits.End(stuck.Record.Queue, stuck);
        _changes.Mark(stuck.Row.Set(null));
    }

    /// <summary>A silo is dead, and its handlers with it.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Lost(string silo)
    {
        var lost = At(silo);
        foreach (var lease in lost) Release(lease);
        return lost.Length > 0;
    }

    private void Add(StuckRecord record, RowEntry row)
    {
        var line = record.Key is null ? null : _keys.LineOf(record.Key);
        if (line is not null)
        {
            line.Stuck++;
            _keys.Take(line);
        }

        _limits.Found(record.Queue);
        _stuck.Add(record.Lease, new(record, row, line));
    }

    private sealed record Stuck(StuckRecord Record, RowEntry Row, KeyLine? Line);
}
