using System.Globalization;
using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>How many jobs of each state, queue and type the store has.</summary>
internal sealed class JobCounts
{
    private readonly Dictionary<string, long> _counts = [];

    public JobCounts(PartitionOpening opening)
    {
        foreach (var (key, count) in opening.Counts(GridLayout.Jobs.Counts)) _counts[key] = count;
    }

    public IEnumerable<JobCount> All()
    {
        foreach (var (key, jobs) in _counts)
        {
            var parts = key.Split('/');
            if (jobs != 0) yield return new((JobState)int.Parse(parts[0], CultureInfo.InvariantCulture), parts[1], parts[2], jobs);
        }
    }

    /// <summary>A commit is in the store.</summary>
    public void Add(PartitionCommit commit)
    {
        foreach (var (key, delta) in commit.Of(GridLayout.Jobs.Counts).Deltas)
        {
            var count = _counts.GetValueOrDefault(key) + delta;
            if (count == 0) _counts.Remove(key);
            else _counts[key] = count;
        }
    }
}
