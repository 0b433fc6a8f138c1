namespace OrleansJobs.Faults.Histories;

/// <summary>A job that is to follow others.</summary>
/// <param name="CancelIfUnmet">It is cancelled, and does not fail, where one of them does not end as it asked.</param>
/// <param name="OwnEnd">How it ends if it runs.</param>
internal sealed record Follower(string Id, IReadOnlyList<(string Leader, FollowOn On)> After, bool CancelIfUnmet, ExpectedEnd OwnEnd);

/// <summary>How a job that is followed is to end.</summary>
internal enum FollowOn
{
    Success,
    End,
    Failure,
}

/// <summary>Says how jobs that follow others must end, and holds against it when they ran. Pure.</summary>
internal static class FollowChecker
{
    /// <param name="ends">Of those that it follows.</param>
    public static ExpectedEnd ExpectedOf(Follower follower, IReadOnlyDictionary<string, ExpectedEnd> ends)
    {
        if (follower.After.All(after => IsMet(after.On, ends[after.Leader]))) return follower.OwnEnd;
        return follower.CancelIfUnmet ? new ExpectedEnd("REVOKED") : ExpectedEnd.Failure("dependency_failed");
    }

    /// <param name="ends">How each job must end.</param>
    public static List<Violation> Check(IEnumerable<Follower> followers, IReadOnlyDictionary<string, ExpectedEnd> ends, IEnumerable<RunMark> marks)
    {
        var violations = new List<Violation>();
        var runs = JobRuns.Of(marks);
        foreach (var follower in followers)
        {
            if (!runs.TryGetValue(follower.Id, out var ran)) continue;
            var started = ran.Attempts[0];
            foreach (var (leader, on) in follower.After)
            {
                if (!IsMet(on, ends[leader])) violations.Add(new(Rules.FollowedWrongly, follower.Id, $"ran on {started.Silo}, though {leader} had to end as {ends[leader]} and it follows its {on}"));
                // One that was not to run has no end that anybody saw.
                if (!runs.TryGetValue(leader, out var before) || before.Attempts.MaxBy(attempt => attempt.Token) is not { } last) continue;
                if (last.EndedAt > started.StartedAt)
                    violations.Add(new(Rules.FollowedEarly, follower.Id, $"ran on {started.Silo} before {leader} had ended on {last.Silo}"));
            }
        }

        return violations;
    }

    private static bool IsMet(FollowOn on, ExpectedEnd end) => on switch
    {
        FollowOn.End => true,
        FollowOn.Failure => end.State is "FAILURE" or "REVOKED",
        _ => end.State is "SUCCESS",
    };
}
