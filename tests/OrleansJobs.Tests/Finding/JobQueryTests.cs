namespace OrleansJobs.Tests.Finding;

/// <summary>What a filter keeps, told from a status alone.</summary>
public class JobQueryTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private static readonly JobStatus Failed = new()
    {
        Id = "abc-1", Type = "mail", Queue = "q", State = JobState.Failure, Key = "tenant/7", SubmittedAt = Noon, StartedAt = Noon.AddMinutes(1), FinishedAt = Noon.AddMinutes(2),
        Error = new("error", "HttpRequestException", "Connection refused by mail.example"),
    };

    private static readonly JobStatus Waiting = new() { Id = "abd-2", Type = "mail", Queue = "q", State = JobState.Pending, Phase = JobPhase.Waiting, SubmittedAt = Noon };

    public static TheoryData<JobQuery, bool, bool> Cases => new()
    {
        { new(), true, true },
        { new() { Id = "ab" }, true, true },
        { new() { Id = "abc-1" }, true, false },
        { new() { Id = "bc" }, false, false },
        { new() { Id = "ABC" }, false, false },
        { new() { Phase = JobPhase.Waiting }, false, true },
        { new() { Phase = JobPhase.Running }, false, false },
        { new() { Key = "tenant/7" }, true, false },
        { new() { Key = "tenant/70" }, false, false },
        { new() { Error = "connection REFUSED" }, true, false },
        { new() { Error = "httprequest" }, true, false },
        { new() { Error = "error" }, true, false },
        { new() { Error = "refused twice" }, false, false },
        { new() { SubmittedBefore = Noon }, false, false },
        { new() { SubmittedBefore = Noon.AddMilliseconds(1) }, true, true },
        { new() { SubmittedAfter = Noon.AddMilliseconds(-1), SubmittedBefore = Noon.AddMilliseconds(1) }, true, true },
        { new() { SubmittedAfter = Noon }, false, false },
        // One that has not started did so neither before nor after.
        { new() { StartedAfter = Noon }, true, false },
        { new() { StartedBefore = Noon.AddHours(1) }, true, false },
        { new() { StartedBefore = Noon.AddMinutes(1) }, false, false },
        { new() { FinishedAfter = Noon, FinishedBefore = Noon.AddHours(1) }, true, false },
        { new() { FinishedAfter = Noon.AddMinutes(2) }, false, false },
        { new() { Error = "refused", Key = "tenant/7", State = JobState.Failure, Id = "abc" }, true, false },
        { new() { Error = "refused", Key = "tenant/8" }, false, false },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void AllThatIsGiven_MustHold(JobQuery query, bool failed, bool waiting) => Assert.Equal((failed, waiting), (query.Matches(Failed), query.Matches(Waiting)));

    [Fact]
    public void AnErrorThatAJobHadBeforeItSucceeded_IsNotItsError() =>
        Assert.False(new JobQuery { Error = "refused" }.Matches(Failed with { State = JobState.Success }));

    [Theory]
    [InlineData("scheduled", JobPhase.Scheduled)]
    [InlineData("RETRYING", JobPhase.Retrying)]
    [InlineData("cancelling", JobPhase.Cancelling)]
    public void Phases_AreReadInAnyCase(string word, JobPhase expected)
    {
        Assert.True(JobStates.TryParse(word, out JobPhase phase));
        Assert.Equal(expected, phase);
    }

    [Theory]
    [InlineData("")]
    [InlineData("none")]
    [InlineData("done")]
    [InlineData(null)]
    public void WhatIsNoPhase_IsNone(string? word) => Assert.False(JobStates.TryParse(word, out JobPhase _));
}
