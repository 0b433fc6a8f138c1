using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Errands;

/// <summary>
/// Work that follows from a decision and is too much for one commit: to tell all that follow a job, to cancel all children of a flow. That it is owed is stored
/// with the decision; it is done page by page, each of them a commit, and begun again after a crash.
/// </summary>
internal sealed class ErrandBook(PartitionOpening opening, PendingChanges changes)
{
    private readonly Dictionary<string, Errand> _known = new(StringComparer.Ordinal);

    /// <summary>An errand is owed that this activation has not been told of: there may be others in the store.</summary>
    public bool HasUnread { get; set; } = opening.First(GridLayout.Errands.Owed) is not null;

    /// <summary>There is a new one. Raised within the decision: to be begun later.</summary>
    public Action<Errand>? Added { get; set; }

    /// <summary>An errand is owed from now on, as part of the decision that is under way. One of the same name that is owed already is done once.</summary>
    public void Add(ErrandKind kind, string about, long now)
    {
        var name = Errand.NameOf(kind, about);
        if (_known.TryGetValue(name, out var known) && !known.IsDone)
        {
            // Should it be half done, it is to be done from the start once more.
            known.IsAskedAgain = true;
            return;
        }

        var errand = new Errand(kind, about, new MemberEntry(GridLayout.Errands.Owed.Only, now));
        _known[name] = errand;
        changes.Mark(errand.Row.Set(name));
        Added?.Invoke(errand);
    }

    /// <summary>Errands that the store told of.</summary>
    public List<Errand> Learn(IEnumerable<SetLine> lines)
    {
        var learnt = new List<Errand>();
        foreach (var line in lines)
        {
            if (_known.ContainsKey(line.Member)) continue;
            var (kind, about) = Errand.Parse(line.Member);
            var errand = new Errand(kind, about, new MemberEntry(GridLayout.Errands.Owed.Only, line.Score, line.Member));
            _known.Add(line.Member, errand);
            learnt.Add(errand);
        }

        return learnt;
    }

    public void Done(Errand errand)
    {
        errand.IsDone = true;
        _known.Remove(Errand.NameOf(errand.Kind, errand.About));
        changes.Mark(errand.Row.Set(null));
    }
}

/// <summary>What an errand is about. Stored by name: names stay.</summary>
internal enum ErrandKind : byte
{
    /// <summary>Tell those that follow a job that it has ended.</summary>
    TellFollowers,

    /// <summary>Tell the partitions that have children of a flow what becomes of those.</summary>
    TellChildren,

    /// <summary>Cancel the children of a flow that are here.</summary>
    CancelChildren,

    /// <summary>Forget the children of a flow that are here.</summary>
    DeleteChildren,

    /// <summary>Run those children of a flow again that failed here.</summary>
    RetryChildren,

    /// <summary>Forget what a flow remembers.</summary>
    ForgetEvents,
}

internal sealed class Errand(ErrandKind kind, string about, MemberEntry row)
{
    public ErrandKind Kind { get; } = kind;

    /// <summary>Whom or what it is about.</summary>
    public string About { get; } = about;
    public MemberEntry Row { get; } = row;
    public bool IsDone { get; set; }

    /// <summary>It has been added once more while it was being done.</summary>
    public bool IsAskedAgain { get; set; }

    public static string NameOf(ErrandKind kind, string about) => $"{kind}/{about}";

    public static (ErrandKind Kind, string About) Parse(string name)
    {
        var slash = name.IndexOf('/');
        return (Enum.Parse<ErrandKind>(name.AsSpan(0, slash)), name[(slash + 1)..]);
    }
}
