using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>How changes become commits: what the books of a partition have changed and have not sent yet.</summary>
internal sealed class PendingChanges(int partition, long generation)
{
    /// <summary>
    /// Entries and bytes of rows of one commit, beyond which no other group is begun. The store serves nobody else while it applies one, and a larger one may
    /// not get through before it times out, again and again.
    /// </summary>
    public const int MaxEntries = 5000;

    /// <inheritdoc cref="MaxEntries"/>
    public const int MaxBytes = 4 << 20;

    private readonly List<Entry> _dirty = [];
    private ChangeGroup? _together;
    private long _sequence;
    private bool _isBroken;

    public int Partition { get; } = partition;

    public bool HasAny => _dirty.Count > 0;

    /// <summary>How many changes there have been so far, committed or not.</summary>
    public long Count { get; private set; }

    /// <summary>A commit is in the store, and its entries know.</summary>
    public event Action<SealedCommit>? Committed;

    /// <summary>An entry has changed.</summary>
    public void Mark(Entry entry)
    {
        _together?.Add(entry);
        if (entry.IsDirty) return;
        entry.IsDirty = true;
        entry.Order = ++Count;
        _dirty.Add(entry);
    }

    /// <summary>What changes until this is disposed of is one group. A decision that changes one entry needs none.</summary>
    public Decision Together()
    {
        if (_together is not null) return default;
        _together = new ChangeGroup();
        return new Decision(this);
    }

    /// <summary>Makes a decision of several parts: all of it counts, or where it breaks off halfway, nothing more that this activation has decided.</summary>
    public void Decide(Action decision)
    {
        using var together = Together();
        try
        {
            decision();
        }
        catch
        {
            _isBroken = true;
            throw;
        }
    }

    /// <summary>Makes a commit of the changes since the last: of all, or where they are too many for one, of the oldest.</summary>
    /// <exception cref="InvalidOperationException">A decision broke off halfway: memory is not to be trusted, and the next activation reads what is stored.</exception>
    public SealedCommit Seal()
    {
        if (_isBroken) throw new InvalidOperationException("A decision broke off halfway.");
        var commit = new PartitionCommit(Partition, generation, ++_sequence);
        var draft = new CommitDraft(commit);
        var entries = new List<(Entry, object)>(Math.Min(_dirty.Count, MaxEntries));
        var groups = new List<ChangeGroup>();
        var taken = 0;
        // What is new is stored in the order in which it came: where a group brings something forward, all before it goes with it.
        var least = 0L;
        while (taken < _dirty.Count && ((entries.Count < MaxEntries && draft.Bytes < MaxBytes) || _dirty[taken].Order <= least))
        {
            var entry = _dirty[taken++];
            if (entry.Group is not { } group)
            {
                Take(entry, draft, entries);
                continue;
            }

            groups.Add(group);
            group.Dissolve();
            foreach (var member in group.Members)
            {
                if (member is { IsOrdered: true, IsStored: false }) least = Math.Max(least, member.Order);
                Take(member, draft, entries);
            }
        }

        draft.Close(GridLayout.Jobs.Log);
        _dirty.RemoveRange(0, taken);
        // What need not be sent has no place in the sequence.
        if (commit.IsEmpty) _sequence--;
        return new SealedCommit(commit, entries, groups, draft.Counts, Count - _dirty.Count);
    }

    /// <summary>The store has it.</summary>
    public void Applied(SealedCommit sealedCommit)
    {
        foreach (var (entry, _) in sealedCommit.Entries)
        {
            entry.InFlight--;
            entry.Applied();
        }

        Committed?.Invoke(sealedCommit);
    }

    /// <summary>The store was too full for it: what was to be new from outside is dropped, all else stays to be committed.</summary>
    /// <returns>What was dropped.</returns>
    public List<Entry> Refused(SealedCommit sealedCommit)
    {
        _sequence--;
        var dropped = new List<Entry>();
        var refused = sealedCommit.Entries.Select(entry => entry.Entry).ToHashSet();
        // They came before what has changed meanwhile.
        var later = _dirty.FindAll(entry => !refused.Contains(entry));
        _dirty.Clear();
        // What is stored again, and what is not, must be known of all before it is asked of one's origin.
        foreach (var (entry, before) in sealedCommit.Entries)
        {
            entry.InFlight--;
            entry.Restore(before);
            entry.IsDirty = false;
        }

        foreach (var (entry, _) in sealedCommit.Entries.OrderBy(static entry => entry.Entry.Order))
        {
            // What came of a submit that is in the store by now follows from something accepted.
            if (entry is { IsStored: false, Origin.IsStored: false }) dropped.Add(entry);
            else Mark(entry);
        }

        var gone = dropped.ToHashSet();
        foreach (var entry in later)
        {
            entry.IsDirty = false;
            // What came of a submit meanwhile goes with it.
            if (entry is { IsStored: false, Origin: { } origin } && gone.Contains(origin)) dropped.Add(entry);
            else Mark(entry);
        }

        foreach (var entry in dropped) entry.Drop();
        foreach (var group in sealedCommit.Groups)
        {
            using var together = Together();
            foreach (var member in group.Members)
            {
                if (member.IsDirty) Mark(member);
            }
        }

        return dropped;
    }

    /// <summary>Takes back a submit from outside, with all that came of it, where none of it has been sent.</summary>
    public bool TryWithdraw(Entry submit)
    {
        if (submit.IsStored || submit.InFlight > 0 || submit.Origin != submit) return false;
        var all = submit.Group?.Members.Where(member => member.Origin == submit).ToList() ?? [submit];
        foreach (var entry in all) entry.Drop();
        return true;
    }

    private static void Take(Entry entry, CommitDraft draft, List<(Entry, object)> entries)
    {
        // It went with its group, or has come back behind.
        if (!entry.IsDirty) return;
        entry.IsDirty = false;
        // None: withdrawn before it was ever stored, or changed back.
        var wasStored = entry.IsStored;
        if (entry.WriteTo(draft) is not { } before) return;
        // Whoever submits can come again; everything else follows from what was accepted, or stands beside the submit that it came of.
        if (!wasStored && entry.Origin == entry) draft.Commit.MayBeRefused = true;
        entry.InFlight++;
        entries.Add((entry, before));
    }

    /// <summary>See <see cref="Together"/>.</summary>
    public readonly ref struct Decision(PendingChanges? changes)
    {
        public void Dispose()
        {
            if (changes is not null) changes._together = null;
        }
    }
}
