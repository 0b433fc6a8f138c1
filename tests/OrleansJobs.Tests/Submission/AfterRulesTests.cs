namespace OrleansJobs.Tests.Submission;

public sealed class AfterRulesTests
{
    [Fact]
    public void WhatIsWrong_IsPointedAt()
    {
        Assert.Equal("", Pointers(["a", new("b", DependencyOn.End)]));
        Assert.Equal("/after/1", Pointers(["a", "no id"]));
        Assert.Equal("/after/0", Pointers(["self"]));
        Assert.Equal("/after/2", Pointers(["a", "b", "a"]));
        Assert.Equal("/after/0/on", Pointers([new("a", (DependencyOn)9)]));
        Assert.Equal("", Pointers([.. Enumerable.Range(0, JobLimits.MaxAfter).Select(i => new JobDependency($"j{i}"))]));
        Assert.Equal("/after", Pointers([.. Enumerable.Range(0, JobLimits.MaxAfter + 1).Select(i => new JobDependency($"j{i}"))]));
        Assert.Equal("/onUnmet", Pointers([], cancelIfUnmet: true));
    }

    [Fact]
    public void Fingerprint_KnowsWhatAJobFollows()
    {
        var plain = Job([]);
        byte[][] different = [.. new[] { plain, Job(["a"]), Job([new("a", DependencyOn.End)]), Job(["a"]) with { CancelIfUnmet = true }, Job(["a", "b"]) }.Select(SubmissionFingerprint.Of)];
        Assert.Equal(different.Length, different.Select(Convert.ToHexString).Distinct().Count());
        // Whom it follows is a set.
        Assert.Equal(SubmissionFingerprint.Of(Job(["a", "b"])), SubmissionFingerprint.Of(Job(["b", "a"])));
    }

    private static string Pointers(JobDependency[] after, bool cancelIfUnmet = false) =>
        string.Join(',', SubmissionRules.Check(Job(after) with { CancelIfUnmet = cancelIfUnmet }, new(), DateTimeOffset.UnixEpoch).Select(problem => problem.Pointer));

    private static JobSubmission Job(JobDependency[] after) => new() { Id = "self", Type = "t", Args = "{}"u8.ToArray(), After = after };
}
