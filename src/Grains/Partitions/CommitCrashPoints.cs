using OrleansJobs.Diagnostics;
using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>The moments before and after each kind of write that a commit can hold, by name.</summary>
internal static class CommitCrashPoints
{
    public static void Before(PartitionCommit commit)
    {
        if (!FaultSwitch.IsOn) return;
        if (commit.Jobs.Count > 0) CrashPoint.Hit("commit.submit.before");
        if (commit.Leases.Count > 0) CrashPoint.Hit("commit.lease.before");
        if (commit.Outcomes.Count > 0) CrashPoint.Hit("commit.end.before");
        if (commit.Tracks.Count > 0) CrashPoint.Hit("commit.wait-again.before");
        if (commit.Purges.Count > 0) CrashPoint.Hit("commit.purge.before");
    }

    public static void After(PartitionCommit commit)
    {
        if (!FaultSwitch.IsOn) return;
        if (commit.Jobs.Count > 0) CrashPoint.Hit("commit.submit.after");
        if (commit.Leases.Count > 0) CrashPoint.Hit("commit.lease.after");
        if (commit.Outcomes.Count > 0) CrashPoint.Hit("commit.end.after");
        if (commit.Tracks.Count > 0) CrashPoint.Hit("commit.wait-again.after");
        if (commit.Purges.Count > 0) CrashPoint.Hit("commit.purge.after");
    }
}
