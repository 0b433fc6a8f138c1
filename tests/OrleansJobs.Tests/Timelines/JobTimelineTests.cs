namespace OrleansJobs.Tests.Timelines;

/// <summary>What is said to have happened to a job, by what is kept of it.</summary>
public class JobTimelineTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void AJobThatRan_WasAcceptedWaitedStartedAndEnded() => Assert.Equal(
        ["0 accepted", "0-2 waited slot", "2 started 1", "9 succeeded 1", "9 ended SUCCESS"],
        Of(Job() with { State = JobState.Success, FinishedAt = At(9), Attempts = [Attempt(1, 2, 9, "succeeded")] }));

    [Fact]
    public void OneThatWasToStartLater_WaitedForItsTimeFirst() => Assert.Equal(
        ["0 accepted", "0-60 waited time", "60-61 waited slot", "61 started 1", "65 succeeded 1", "65 ended SUCCESS"],
        Of(Job() with { State = JobState.Success, FirstDueAt = At(60), DueAt = At(60), FinishedAt = At(65), Attempts = [Attempt(1, 61, 65, "succeeded")] }));

    [Fact]
    public void Retries_AreWaitedFor_AndOfTheLastItIsKnownForHowLong() => Assert.Equal(
        ["0 accepted", "0 started 1", "1 failed 1", "1-4 waited retry slot", "4 started 2", "5 failed 2", "5-9 waited retry", "9-10 waited slot", "10 started 3"],
        Of(Job() with
        {
            State = JobState.Progress, Phase = JobPhase.Running, Attempt = 3, StartedAt = At(10), DueAt = At(9),
            Attempts = [Attempt(1, 0, 1, "failed"), Attempt(2, 4, 5, "failed")],
        }));

    [Fact]
    public void OneThatWaits_SaysForWhat_AsItsStatusDoes() => Assert.Equal(
        ["0 accepted", "0 waited limit"],
        Of(Job() with { State = JobState.Pending, Phase = JobPhase.Waiting, WaitingFor = [new(WaitReasons.Limit) { Name = "tenant/7" }] }));

    [Fact]
    public void OneThatFollowsOthers_WaitedForThem() => Assert.Equal(
        ["0 accepted", "0-5 waited job slot", "5 started 1", "6 succeeded 1", "6 ended SUCCESS"],
        Of(Job() with { State = JobState.Success, After = [new("a")], FinishedAt = At(6), Attempts = [Attempt(1, 5, 6, "succeeded")] }));

    [Fact]
    public void WhatAnAttemptDidOnItsWay_StandsWithinIt_AndWhoChangedTheJobBetween()
    {
        var job = Job() with
        {
            State = JobState.Revoked, FinishedAt = At(9), Changes = [new("cancelled", "ops", At(8), "enough")],
            Attempts = [Attempt(1, 2, 9, "cancelled") with { Marks = new(At(3), At(7), 4) }],
        };
        Assert.Equal(["0 accepted", "0-2 waited slot", "2 started 1", "3 reported 1", "7 checkpoint 1", "8 cancelled", "9 cancelled 1", "9 ended REVOKED"], Of(job));
        var entries = JobTimeline.Of(job);
        Assert.Equal("4", entries.Single(entry => entry.What == TimelineWords.Checkpoint).Detail);
        Assert.Equal(("ops", "enough"), (entries[5].By, entries[5].Detail));
    }

    [Fact]
    public void OneThatWasCancelledWhileItWaited_NeverStarted() => Assert.Equal(
        ["0 accepted", "0-4 waited time", "4 cancelled", "4 ended REVOKED"],
        Of(Job() with { State = JobState.Revoked, FirstDueAt = At(60), DueAt = At(60), FinishedAt = At(4), Changes = [new("cancelled", "ops", At(4), null)] }));

    [Fact]
    public void OneThatStartedAndWaitsWithoutAWorker_SaysWhenItStarted() => Assert.Equal(
        ["0 accepted", "0-3 waited slot", "3 started 1", "3 waited children"],
        Of(Job() with { State = JobState.Progress, Phase = JobPhase.Waiting, Attempt = 1, StartedAt = At(3), WaitingFor = [new(WaitReasons.Children)] }));

    [Fact]
    public void WhatAFlowWaitedForBeforeItsLastRun_IsNotGuessed() => Assert.Equal(
        ["0 accepted", "0-50 waited", "50 started 1", "51 succeeded 1", "51 ended SUCCESS"],
        Of(Job() with { State = JobState.Success, IsFlow = true, FinishedAt = At(51), Attempts = [Attempt(1, 50, 51, "succeeded")] }));

    [Fact]
    public void AttemptsThatAreNotKept_AreSaidToBeMissing() =>
        Assert.Equal(["0 accepted", "0-50 forgotten", "50 started 31", "51 failed 31", "51-60 waited retry", "60-61 waited slot", "61 started 32"], Of(Job() with
        {
            State = JobState.Progress, Phase = JobPhase.Running, Attempt = 32, StartedAt = At(61), DueAt = At(60), Attempts = [Attempt(31, 50, 51, "failed")],
        }));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void DrawnJobs_HaveTheirEntriesInOrder_AndNothingTwiceAtOnce(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var (now, attempts) = (random.Next(5), new List<JobAttempt>());
            for (var number = 1; number <= random.Next(6); number++)
            {
                var (from, to) = (now + random.Next(3), 0);
                to = from + random.Next(4);
                attempts.Add(Attempt(number, from, to, random.Next(2) == 0 ? "failed" : "returned"));
                now = to;
            }

            var runs = random.Next(3) == 0;
            var ended = !runs && random.Next(2) == 0;
            var job = Job() with
            {
                State = runs ? JobState.Progress : ended ? JobState.Failure : JobState.Pending, Phase = runs ? JobPhase.Running : ended ? JobPhase.None : JobPhase.Retrying,
                Attempts = [.. attempts], Attempt = attempts.Count + 1, StartedAt = runs ? At(now + 1) : null, FinishedAt = ended ? At(now) : null, FirstDueAt = At(random.Next(4)), DueAt = At(now + random.Next(3)),
            };
            var entries = JobTimeline.Of(job);
            Assert.Equal(entries.OrderBy(entry => entry.At).Select(entry => entry.At), entries.Select(entry => entry.At));
            Assert.Equal(attempts.Count + (runs ? 1 : 0), entries.Count(entry => entry.What == TimelineWords.Started));
            var spans = entries.Where(entry => entry.Until is not null).ToList();
            Assert.All(spans, span => Assert.True(span.Until > span.At));
            Assert.All(spans.Zip(spans.Skip(1)), pair => Assert.True(pair.First.Until <= pair.Second.At));
        }
    }

    private static DateTimeOffset At(int seconds) => Start + TimeSpan.FromSeconds(seconds);

    private static JobStatus Job() => new() { Id = "a", Type = "t", Queue = "q", SubmittedAt = At(0), DueAt = At(0), FirstDueAt = At(0) };

    private static JobAttempt Attempt(int number, int from, int to, string outcome) => new() { Number = number, StartedAt = At(from), EndedAt = At(to), Outcome = outcome };

    private static string[] Of(JobStatus job) => [.. JobTimeline.Of(job).Select(Text)];

    private static string Text(TimelineEntry entry)
    {
        var span = entry.Until is { } until ? $"-{(until - Start).TotalSeconds}" : "";
        var rest = entry.What == TimelineWords.Ended ? " " + entry.Detail : entry.Attempt is { } attempt ? $" {attempt}" : string.Concat(entry.For.Select(reason => " " + reason.What));
        return $"{(entry.At - Start).TotalSeconds}{span} {entry.What}{rest}";
    }
}
