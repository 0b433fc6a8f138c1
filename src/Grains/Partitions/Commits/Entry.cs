namespace OrleansJobs.Partitions;

/// <summary>
/// Something that a book has stored: a job, a letter, a schedule. It goes into a commit as the difference between what the store holds of it and what it should
/// hold, so that many changes cost one write, and the same commit again does no harm.
/// </summary>
internal abstract class Entry
{
    /// <summary>Changed since the last commit was sent.</summary>
    public bool IsDirty { get; internal set; }

    /// <summary>Commits under way that hold changes of it.</summary>
    public int InFlight { get; internal set; }

    /// <summary>Its place among all changes, the last time it was marked.</summary>
    internal long Order { get; set; }

    /// <summary>The submit from outside without which it would not be there; null: it follows from what was accepted, and nothing may refuse it.</summary>
    public Entry? Origin { get; set; }

    /// <summary>What must be committed together with it; null: nothing.</summary>
    internal ChangeGroup? Group
    {
        get => field?.Whole;
        set;
    }

    public bool IsSettled => !IsDirty && InFlight == 0;

    /// <summary>The store holds something of it, once all commits sent so far are applied.</summary>
    public abstract bool IsStored { get; }

    /// <summary>New ones are to be stored in the order in which they came.</summary>
    public virtual bool IsOrdered => false;

    /// <summary>Adds the difference to a commit, and takes it for stored from now on.</summary>
    /// <returns>What the store held before; null: there is no difference.</returns>
    public abstract object? WriteTo(CommitDraft draft);

    /// <summary>The commit is in the store.</summary>
    public abstract void Applied();

    /// <summary>The commit was refused: the store holds what it held before.</summary>
    /// <param name="before">What <see cref="WriteTo"/> returned.</param>
    public abstract void Restore(object before);

    /// <summary>It will never be stored, and is to be forgotten.</summary>
    public abstract void Drop();
}

/// <summary>
/// What one decision has changed. It is never split over commits, nor refused or withdrawn but whole. Decisions that meet in an entry become one group, since
/// the entry is written once.
/// </summary>
internal sealed class ChangeGroup
{
    private List<Entry> _members = [];
    private ChangeGroup? _joined;

    public IReadOnlyList<Entry> Members => _members;

    /// <summary>The group that it has become a part of, or itself.</summary>
    public ChangeGroup Whole
    {
        get
        {
            var whole = this;
            while (whole._joined is { } next) whole = next;
            if (_joined is not null) _joined = whole;
            return whole;
        }
    }

    public void Add(Entry entry)
    {
        var whole = Whole;
        if (entry.Group is { } other)
        {
            if (other != whole) Join(whole, other);
            return;
        }

        entry.Group = whole;
        whole._members.Add(entry);
    }

    /// <summary>The smaller one goes into the larger one: a flow to which much comes would be moved again and again.</summary>
    private static void Join(ChangeGroup one, ChangeGroup other)
    {
        var (large, small) = one._members.Count >= other._members.Count ? (one, other) : (other, one);
        large._members.AddRange(small._members);
        small._members = [];
        small._joined = large;
    }

    /// <summary>The group is in a commit: what its members change from now on belongs to others.</summary>
    public void Dissolve()
    {
        foreach (var member in _members) member.Group = null;
    }
}
