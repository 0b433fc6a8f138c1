using OrleansJobs.Diagnostics;

namespace OrleansJobs.Partitions;

/// <summary>The moments before and after each kind of write that a commit can hold, by name.</summary>
internal static class CommitCrashPoints
{
    public static void Before(CommitCounts counts)
    {
        if (!FaultSwitch.IsOn) return;
        if (counts.Submits > 0) CrashPoint.Hit("commit.submit.before");
        if (counts.Leases > 0) CrashPoint.Hit("commit.lease.before");
        if (counts.Ends > 0) CrashPoint.Hit("commit.end.before");
        if (counts.Waits > 0) CrashPoint.Hit("commit.wait-again.before");
        if (counts.Purges > 0) CrashPoint.Hit("commit.purge.before");
        if (counts.Letters > 0) CrashPoint.Hit("commit.letter.before");
        if (counts.Strikes > 0) CrashPoint.Hit("commit.strike.before");
        if (counts.Marks > 0) CrashPoint.Hit("commit.mark.before");
        if (counts.Flows > 0) CrashPoint.Hit("commit.flow.before");
        if (counts.Followers > 0) CrashPoint.Hit("commit.follow.before");
        if (counts.Errands > 0) CrashPoint.Hit("commit.errand.before");
    }

    public static void After(CommitCounts counts)
    {
        if (!FaultSwitch.IsOn) return;
        if (counts.Submits > 0) CrashPoint.Hit("commit.submit.after");
        if (counts.Leases > 0) CrashPoint.Hit("commit.lease.after");
        if (counts.Ends > 0) CrashPoint.Hit("commit.end.after");
        if (counts.Waits > 0) CrashPoint.Hit("commit.wait-again.after");
        if (counts.Purges > 0) CrashPoint.Hit("commit.purge.after");
        if (counts.Letters > 0) CrashPoint.Hit("commit.letter.after");
        if (counts.Strikes > 0) CrashPoint.Hit("commit.strike.after");
        if (counts.Marks > 0) CrashPoint.Hit("commit.mark.after");
        if (counts.Flows > 0) CrashPoint.Hit("commit.flow.after");
        if (counts.Followers > 0) CrashPoint.Hit("commit.follow.after");
        if (counts.Errands > 0) CrashPoint.Hit("commit.errand.after");
    }
}
