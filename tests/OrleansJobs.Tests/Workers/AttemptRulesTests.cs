using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

public class AttemptRulesTests
{
    private static readonly JobLimits Limits = new();
    private static readonly HandlerOptions Handler = new("default", new RetryPolicy { Attempts = 3, Jitter = 0 }, null, null, [typeof(ArgumentException)], null, TypeDefaults.None);

    [Fact]
    public void Of_AnException_RunsAgainAfterThePolicysDelay()
    {
        var ending = Of(new InvalidOperationException("no"), failures: 1);
        Assert.Equal(ReportKind.FailedOnce, ending.Kind);
        Assert.Equal(TimeSpan.FromSeconds(2), ending.Delay);
        Assert.Equal(new JobError(JobErrorCodes.Error, nameof(InvalidOperationException), "no"), ending.Error);
    }

    [Fact]
    public void Of_AnException_WhenAttemptsAreUsedUp_Fails() => Assert.Equal(ReportKind.Failed, Of(new InvalidOperationException(), failures: 2).Kind);

    [Fact]
    public void Of_AnException_WhenTheSubmitAllowsMore_RunsAgain() =>
        Assert.Equal(ReportKind.FailedOnce, Of(new InvalidOperationException(), failures: 2, submit: new RetryPolicy { Attempts = 4 }).Kind);

    [Fact]
    public void Of_AFinalException_FailsAtOnce() => Assert.Equal(ReportKind.Failed, Of(new ArgumentNullException()).Kind);

    [Fact]
    public void Of_GiveUp_FailsAtOnce() => Assert.Equal(ReportKind.Failed, Of(new GiveUpException("never")).Kind);

    [Theory]
    [InlineData(5, 5)]
    [InlineData(-5, 0)]
    public void Of_RetryLater_PutsItOff(int seconds, int expected)
    {
        var ending = Of(new RetryLaterException(TimeSpan.FromSeconds(seconds)), failures: 99);
        Assert.Equal(ReportKind.Postponed, ending.Kind);
        Assert.Equal(TimeSpan.FromSeconds(expected), ending.Delay);
    }

    [Fact]
    public void Of_RetryLater_BeyondWhatTheGridSchedules_IsCutToThat() =>
        Assert.Equal(Limits.MaxDelay, Of(new RetryLaterException(TimeSpan.MaxValue)).Delay);

    [Fact]
    public void Of_Cancellation_DependsOnWhoAskedForIt()
    {
        Assert.Equal(ReportKind.Cancelled, Of(new OperationCanceledException(), StopReason.Cancel).Kind);
        Assert.Equal(ReportKind.Returned, Of(new TaskCanceledException(), StopReason.Drain).Kind);
        Assert.Equal((ReportKind.FailedOnce, JobErrorCodes.Timeout), Codes(Of(new OperationCanceledException(), StopReason.Timeout)));
        Assert.Equal((ReportKind.FailedOnce, JobErrorCodes.Error), Codes(Of(new OperationCanceledException(), StopReason.None)));
    }

    [Fact]
    public void Of_CancellationThatALibraryWrapped_CountsAsOne() =>
        Assert.Equal(ReportKind.Returned, Of(new InvalidOperationException("send", new IOException("write", new OperationCanceledException())), StopReason.Drain).Kind);

    [Fact]
    public void Of_ATimedOutAttempt_IsRetriedByPolicy_AndFailsWhenItIsUsedUp()
    {
        Assert.Equal((ReportKind.FailedOnce, JobErrorCodes.Timeout), Codes(Of(new OperationCanceledException(), StopReason.Timeout, failures: 1)));
        Assert.Equal((ReportKind.Failed, JobErrorCodes.Timeout), Codes(Of(new OperationCanceledException(), StopReason.Timeout, failures: 2)));
    }

    [Fact]
    public void Of_ADefect_WhileStopping_IsStillADefect()
    {
        Assert.Equal((ReportKind.FailedOnce, JobErrorCodes.Error), Codes(Of(new InvalidOperationException(), StopReason.Drain)));
        Assert.Equal((ReportKind.FailedOnce, JobErrorCodes.Error), Codes(Of(new InvalidOperationException(), StopReason.Timeout)));
    }

    [Fact]
    public void Of_AnythingThrown_AfterACancel_EndsAsCancelled()
    {
        Assert.Equal(ReportKind.Cancelled, Of(new InvalidOperationException(), StopReason.Cancel).Kind);
        Assert.Equal(ReportKind.Cancelled, Of(new RetryLaterException(TimeSpan.Zero), StopReason.Cancel).Kind);
        Assert.Equal(ReportKind.Cancelled, Of(new GiveUpException("no"), StopReason.Cancel).Kind);
    }

    [Fact]
    public void OfStuck_IsNotRunAgain_BecauseTheOldRunIsStillThere()
    {
        Assert.Equal((ReportKind.Failed, JobErrorCodes.Timeout), Codes(AttemptRules.OfStuck(StopReason.Timeout)));
        Assert.Equal(ReportKind.Cancelled, AttemptRules.OfStuck(StopReason.Cancel).Kind);
    }

    [Fact]
    public void TimeoutOf_TheSubmitGoesBeforeTheHandler()
    {
        var handler = Handler with { Timeout = TimeSpan.FromSeconds(10), HardTimeout = TimeSpan.FromSeconds(11) };
        var grace = TimeSpan.FromSeconds(3);
        Assert.Equal(TimeSpan.FromSeconds(10), AttemptRules.TimeoutOf(Lease(), handler));
        Assert.Equal(TimeSpan.FromSeconds(11), AttemptRules.HardTimeoutOf(Lease(), handler, grace));
        var submitted = Lease() with { Timeout = 60_000 };
        Assert.Equal(TimeSpan.FromSeconds(60), AttemptRules.TimeoutOf(submitted, handler));
        Assert.Equal(TimeSpan.FromSeconds(63), AttemptRules.HardTimeoutOf(submitted, handler, grace));
        Assert.Null(AttemptRules.HardTimeoutOf(Lease(), Handler, grace));
    }

    [Fact]
    public void Of_ADelay_IsSpreadByChance()
    {
        var handler = Handler with { Retry = new RetryPolicy { Attempts = 3, Jitter = 0.5 } };
        Assert.Equal(TimeSpan.FromSeconds(0.5), AttemptRules.Of(new InvalidOperationException(), StopReason.None, Lease(), handler, Limits, chance: 0).Delay);
        Assert.Equal(TimeSpan.FromSeconds(1), AttemptRules.Of(new InvalidOperationException(), StopReason.None, Lease(), handler, Limits, chance: 0.5).Delay);
    }

    [Fact]
    public void DelayAfter_WhenPowersOverflow_IsStillADelay()
    {
        Assert.Equal(TimeSpan.FromMinutes(10), new RetryPolicy { Factor = 100, Jitter = 0 }.DelayAfter(10_000, 0.5));
        Assert.Equal(TimeSpan.Zero, new RetryPolicy { FirstDelay = TimeSpan.Zero, Factor = 100, Jitter = 0 }.DelayAfter(10_000, 0.5));
    }

    [Fact]
    public void BadArgs_SayWhere_AndNotIntoWhichType()
    {
        var exception = Assert.Throws<System.Text.Json.JsonException>(() => System.Text.Json.JsonSerializer.Deserialize<RetryPolicy>("""{"attempts":"x"}""", JobJson.Options));
        var error = AttemptRules.BadArgs(exception, Limits);
        Assert.Equal(new JobError(JobErrorCodes.BadArgs, "JsonException", "The arguments do not fit the handler at $.attempts."), error);
    }

    private static (ReportKind, string?) Codes(AttemptEnding ending) => (ending.Kind, ending.Error?.Code);

    private static AttemptEnding Of(Exception exception, StopReason stop = StopReason.None, int failures = 0, RetryPolicy? submit = null) =>
        AttemptRules.Of(exception, stop, Lease() with { Failures = failures, Retry = submit }, Handler, Limits, chance: 0.5);

    private static Lease Lease() => new() { Id = "id", Partition = 0, Token = 1, Type = "type", Queue = "default", Args = [], Attempt = 1 };
}
