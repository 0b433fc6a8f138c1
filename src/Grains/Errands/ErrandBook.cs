using System.Globalization;
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
    private long _last;

    /// <summary>An errand is owed that this activation has not been told of: there may be others in the store.</summary>
    public bool HasUnread { get; set; } = opening.First(GridLayout.Errands.Owed) is not null;

    /// <summary>There is a new one. Raised within the decision: to be begun later.</summary>
    public Action<Errand>? Added { get; set; }

    /// <summary>An errand is owed from now on, as part of the decision that is under way. One of the same name that is owed already is done once.</summary>
    public void Add(ErrandKind kind, string about, long now)
    {
        if (_known.TryGetValue(Errand.NameOf(kind, about), out var known))
        {
            // Should it be half done, it is to be done from the start once more.
            known.IsAskedAgain = true;
            return;
        }

        _last = Math.Max(_last + 1, now);
        var errand = new Errand(kind, about, new MemberEntry(GridLayout.Errands.Owed.Only, _last));
        _known.Add(errand.Name, errand);
        changes.Mark(errand.Row.Set(errand.MemberAt(_last)));
        Added?.Invoke(errand);
    }

    /// <summary>Errands that the store told of.</summary>
    public List<Errand> Learn(IEnumerable<PagedLine> lines)
    {
        var learnt = new List<Errand>();
        foreach (var line in lines)
        {
            var errand = Errand.Stored(line.Member, line.Score);
            // Of those that this activation has added it knows; an older one of the same name is done beside.
            if (_known.TryAdd(errand.Name, errand) || _known[errand.Name].Row.Value != line.Member) learnt.Add(errand);
        }

        return learnt;
    }

    public void Done(Errand errand)
    {
        if (_known.GetValueOrDefault(errand.Name) == errand) _known.Remove(errand.Name);
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

    /// <summary>Whom it is about, and behind a slash, what.</summary>
    public string About { get; } = about;

    /// <summary>Those about the same are done one after the other, in the order in which they came.</summary>
    public string Subject => About.IndexOf('/') is > 0 and var end ? About[..end] : About;
    public MemberEntry Row { get; } = row;
    public string Name { get; } = NameOf(kind, about);

    /// <summary>It has been added once more while it was being done.</summary>
    public bool IsAskedAgain { get; set; }

    /// <summary>What is stored of one that came at a time: an activation need not know what those before it have left to add the same once more.</summary>
    public string MemberAt(long time) => string.Create(CultureInfo.InvariantCulture, $"{Name}@{time:x}");

    public static Errand Stored(string member, long time)
    {
        var (slash, at) = (member.IndexOf('/'), member.LastIndexOf('@'));
        return new(Enum.Parse<ErrandKind>(member.AsSpan(0, slash)), member[(slash + 1)..at], new MemberEntry(GridLayout.Errands.Owed.Only, time, member));
    }

    public static string NameOf(ErrandKind kind, string about) => $"{kind}/{about}";
}
