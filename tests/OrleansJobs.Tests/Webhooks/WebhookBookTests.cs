using System.Text.Json;
using Microsoft.Extensions.Options;
using OrleansJobs.Hosting;
using OrleansJobs.HttpCalls;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Webhooks;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Webhooks;

/// <summary>What a partition does about ends that are to be told, and what a silo does with the calls, without a grid.</summary>
public class WebhookBookTests
{
    private readonly JobGridOptions _options = new()
    {
        Partitions = 1, Slots = 32, Http = { Hosts = ["a.b"] }, Webhooks = { Secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], Rules = [new() { Url = "https://a.b/" }] },
    };

    [Fact]
    public void Calls_StandBehindJobsThatSayNothing()
    {
        var driver = new CoreDriver(_options);
        driver.Submit("first");
        driver.Commit();
        Assert.True(driver.Report(Assert.Single(driver.Take()), ReportKind.Succeeded));
        driver.Now += 1000;
        driver.Submit("later");
        driver.Commit();
        Assert.Equal(["work", WebhookJob.Name], driver.Take(CoreDriver.Worker(null, "work", WebhookJob.Name), 2).Select(lease => lease.Type));
    }

    [Fact]
    public void BeyondTheBound_AnEndIsToldNobody_AndCounted_AndStoredAllTheSame()
    {
        _options.Webhooks.MaxWaiting = 3;
        var driver = new CoreDriver(_options);
        var dropped = 0;
        driver.Core.Webhooks.Dropped = () => dropped++;
        for (var i = 0; i < 5; i++) End(driver, $"job{i}");
        Assert.Equal((3, 2), (WaitingOf(driver), dropped));
        // One that is being made leaves its place.
        Assert.Single(driver.Take(CoreDriver.Worker(null, WebhookJob.Name)));
        End(driver, "job5");
        Assert.Equal((3, 2), (WaitingOf(driver), dropped));
        Assert.All(Enumerable.Range(0, 6), i => Assert.Equal(JobState.Success, driver.Status($"job{i}")!.State));
    }

    [Theory]
    [InlineData(32, null, null, 8, 4)]
    [InlineData(4, null, null, 2, 1)]
    [InlineData(1, null, null, 1, 1)]
    [InlineData(200, null, null, 50, 4)]
    [InlineData(32, 20, null, 20, 4)]
    [InlineData(32, 20, 9, 20, 9)]
    public void Calls_HaveAShareOfTheSlots(int slots, int? most, int? perHost, int all, int each)
    {
        (_options.Webhooks.MaxCalls, _options.Webhooks.MaxCallsPerHost) = (most, perHost);
        Assert.Equal((all, each), _options.Webhooks.CallsOf(slots));
    }

    /// <summary>A host that this silo does not know, because its configuration is newer elsewhere, is no reason to give up.</summary>
    [Fact]
    public async Task AHostThatIsNotNamedHere_IsAFailedAttempt_AndNotTheLast()
    {
        using var caller = new HttpCaller(Options.Create(_options), (_, _) => throw new InvalidOperationException("Nobody is called."), TimeProvider.System);
        var job = new WebhookJob(caller, new CallGate(8, 4), Options.Create(_options), TimeProvider.System);
        var failed = await Assert.ThrowsAsync<HttpCallFailedException>(() => job.RunAsync(new WebhookCall("https://new.example/", default), null!, CancellationToken.None));
        Assert.Contains("new.example", failed.Message);
        var ending = AttemptRules.Of(failed, StopReason.None, CallLease, Handler, _options.Limits, 0.5);
        Assert.Equal(ReportKind.FailedOnce, ending.Kind);
    }

    [Fact]
    public async Task ACallThatFindsNoPlace_IsPutOff_AndUsesUpNoAttempt()
    {
        using var caller = new HttpCaller(Options.Create(_options), (_, _) => throw new InvalidOperationException("Nobody is called."), TimeProvider.System);
        var gate = new CallGate(8, 1);
        Assert.Null(gate.Enter("a.b", TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()));
        var job = new WebhookJob(caller, gate, Options.Create(_options), TimeProvider.System);
        var later = await Assert.ThrowsAsync<RetryLaterException>(() => job.RunAsync(new WebhookCall("https://a.b/x", default), null!, CancellationToken.None));
        Assert.Equal(ReportKind.Postponed, AttemptRules.Of(later, StopReason.None, CallLease, Handler, _options.Limits, 0.5).Kind);
    }

    private static HandlerOptions Handler => new(WebhookJob.Queue, WebhookBook.Retry, null, null, [], null, TypeDefaults.None);

    private static Lease CallLease => new()
    {
        Id = "call", Partition = 0, Token = 1, Type = WebhookJob.Name, Queue = WebhookJob.Queue, Args = [], Attempt = 1, SubmittedAt = DateTimeOffset.UnixEpoch, Retry = WebhookBook.Retry,
    };

    private static void End(CoreDriver driver, string id)
    {
        driver.Submit(id);
        driver.Commit();
        Assert.True(driver.Report(Assert.Single(driver.Take()), ReportKind.Succeeded));
    }

    private static long WaitingOf(CoreDriver driver) => driver.Core.Jobs.Lanes.Where(lane => lane.Type == WebhookJob.Name).Sum(lane => lane.Count);
}
