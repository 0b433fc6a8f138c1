using OrleansJobs.Diagnostics;
using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>A commit that is being put together.</summary>
internal sealed class CommitDraft(PartitionCommit commit)
{
    private readonly List<(string Log, long Stamp, string Member)> _lines = [];
    private CommitCounts _counts;

    public PartitionCommit Commit { get; } = commit;

    /// <summary>Bytes of rows so far.</summary>
    public long Bytes { get; private set; }

    public ref CommitCounts Counts => ref _counts;

    public void Put(RowTable table, string key, byte[] row)
    {
        Bytes += row.Length;
        Commit.Put(table, key, row);
        if (FaultSwitch.IsOn && table == GridLayout.Letters.Applied) Counts.Marks++;
    }

    /// <summary>Adds a line to a log. Those of one commit may come in any order.</summary>
    public void Append(string log, long stamp, string member) => _lines.Add((log, stamp, member));

    /// <summary>A member of a set comes or goes: only crash points ask what it is about.</summary>
    public void Touch(SetName set)
    {
        if (!FaultSwitch.IsOn) return;
        if (set.Part == GridLayout.Dependencies.Followers) Counts.Followers++;
        else if (set.Part == GridLayout.Errands.Owed) Counts.Errands++;
    }

    /// <summary>All is in it.</summary>
    public void Close(MergedLogs logs)
    {
        if (_lines.Count > 1) _lines.Sort(static (x, y) => x.Stamp.CompareTo(y.Stamp));
        foreach (var (log, stamp, member) in _lines) Commit.Append(logs, log, stamp, member);
    }
}

/// <summary>A commit under way: what is sent, and whose changes it holds.</summary>
/// <param name="Entries">Each with what the store held of it before.</param>
/// <param name="Groups">Those of its entries that belong together.</param>
/// <param name="Through">With it and those before it, so many changes are sent: compare with <see cref="PendingChanges.Count"/>.</param>
internal sealed record SealedCommit(PartitionCommit Commit, List<(Entry Entry, object Before)> Entries, List<ChangeGroup> Groups, CommitCounts Counts, long Through)
{
    /// <summary>The jobs among the entries.</summary>
    public IEnumerable<LiveJob> Jobs
    {
        get
        {
            foreach (var (entry, _) in Entries)
            {
                if (entry is LiveJob job) yield return job;
            }
        }
    }
}

/// <summary>How many jobs a commit submits, puts back to wait, leases, ends and forgets; and for crash points, what else it holds.</summary>
internal record struct CommitCounts
{
    public int Submits;
    public int Waits;
    public int Leases;
    public int Ends;
    public int Purges;

    /// <summary>Letters that are written.</summary>
    public int Letters;

    /// <summary>Letters that are struck, since they have been delivered.</summary>
    public int Strikes;

    /// <summary>Marks of how far letters of others have been applied. Counted where crash points are on.</summary>
    public int Marks;

    /// <summary>Flows of which something changes.</summary>
    public int Flows;

    /// <summary>Those that follow jobs, who come or go. Counted where crash points are on.</summary>
    public int Followers;

    /// <summary>Errands that come to be owed, or are done. Counted where crash points are on.</summary>
    public int Errands;

    /// <summary>Of jobs alone.</summary>
    public readonly int Sum => Submits + Waits + Leases + Ends + Purges;
}
