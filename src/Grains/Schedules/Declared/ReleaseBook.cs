using System.Text;
using OrleansJobs.Outside;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Schedules;

/// <summary>The highest release of each application that has declared schedules in this partition: what an older one declares is of no account any more.</summary>
internal sealed class ReleaseBook
{
    private readonly PendingChanges _changes;
    private readonly Dictionary<string, (string Release, RowEntry Row)> _releases = [];

    public ReleaseBook(PartitionOpening opening, PendingChanges changes)
    {
        _changes = changes;
        foreach (var (application, row) in opening.Rows(GridLayout.Schedules.Releases))
            _releases[application] = (Encoding.UTF8.GetString(row), new RowEntry(GridLayout.Schedules.Releases, application, row));
    }

    /// <summary>Null: none that is known here.</summary>
    public string? Of(string application) => _releases.TryGetValue(application, out var known) ? known.Release : null;

    /// <summary>Whether a release may still say what its schedules are.</summary>
    public bool Holds(string application, string release) => ReleaseOrder.Compare(release, Of(application)) >= 0;

    /// <summary>From now on, none below this one may.</summary>
    public void Raise(string application, string release)
    {
        var row = _releases.TryGetValue(application, out var known) ? known.Row : new RowEntry(GridLayout.Schedules.Releases, application);
        if (known.Release == release) return;
        _releases[application] = (release, row);
        _changes.Mark(row.Set(Encoding.UTF8.GetBytes(release)));
    }
}
