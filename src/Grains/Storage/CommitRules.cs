namespace OrleansJobs.Storage;

/// <summary>What every store asks of a commit before it writes anything. A commit that breaks them is a defect of the partition.</summary>
internal static class CommitRules
{
    /// <exception cref="ArgumentException">The sequence is not positive.</exception>
    public static void Check(PartitionCommit commit)
    {
        if (commit.Sequence < 1) throw new ArgumentException($"A commit's sequence starts at 1; it is {commit.Sequence}.", nameof(commit));
    }

    /// <summary>A log takes lines at its end only.</summary>
    /// <exception cref="ArgumentException">The stamp has been passed already.</exception>
    public static void CheckAbove(long stamp, long last)
    {
        if (stamp <= last) throw new ArgumentException($"The commit's first stamp is {stamp}, but {last} has been given already.");
    }
}
