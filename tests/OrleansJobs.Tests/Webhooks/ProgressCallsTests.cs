using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansJobs.Hosting;
using OrleansJobs.HttpCalls;
using OrleansJobs.Records;
using OrleansJobs.Tests.Client;
using OrleansJobs.Tests.Gateway;
using OrleansJobs.Tests.HttpCalls;
using OrleansJobs.Webhooks;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Webhooks;

/// <summary>What receivers are told of jobs that go on: the newest, at a pace, by a clock that the test moves.</summary>
public sealed class ProgressCallsTests : IDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(5);

    private readonly ManualTime _time = new();
    private readonly HttpCaller _caller;
    private readonly ProgressCalls _calls;

    public ProgressCallsTests()
    {
        var options = Options.Create(new JobGridOptions
        {
            Http = { Hosts = ["http://127.0.0.1:*"], AllowNetworks = ["127.0.0.0/8"] },
            Webhooks = { Secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], ProgressPace = Pace },
        });
        _caller = new HttpCaller(options, (_, _) => throw new InvalidOperationException("There is no name to look up."), TimeProvider.System);
        _calls = new ProgressCalls(_caller, options, _time, NullLogger<ProgressCalls>.Instance);
    }

    public void Dispose()
    {
        _calls.Dispose();
        _caller.Dispose();
    }

    private IProgressListener Told(string id, params string[] urls) => _calls.For(new Lease
    {
        Id = id, Partition = 0, Token = 7, Type = "resize", Queue = "pictures", Args = [], Attempt = 2, SubmittedAt = DateTimeOffset.UnixEpoch, Tags = [new("customer", "7")], ProgressUrls = urls,
    })!;

    private static Progress At(long sequence) => new(sequence, sequence, 500, $"Step {sequence}", null);

    private static long StepOf(Call call)
    {
        using var said = JsonDocument.Parse(call.Body);
        return said.RootElement.GetProperty("data").GetProperty("current").GetInt64();
    }

    /// <summary>The answer has been dealt with, and the next call waits for its time.</summary>
    private Task WaitsAsync(int timers = 1) => Eventually.IsTrueAsync(() => _time.Timers == timers);

    [Fact]
    public async Task HoweverOftenAJobReports_ThereIsOneCallAPace_OfTheNewest()
    {
        await using var receiver = await Receiver.StartAsync(200);
        var told = Told("job", receiver.Address);
        told.Tell(At(1));
        await Eventually.IsTrueAsync(() => receiver.Calls.Count == 1);
        for (var step = 2; step <= 500; step++) told.Tell(At(step));
        await WaitsAsync();
        _time.Advance(Pace - TimeSpan.FromMilliseconds(1));
        Assert.Equal((1, 1), (_time.Timers, receiver.Calls.Count));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await Eventually.IsTrueAsync(() => receiver.Calls.Count == 2);
        Assert.Equal([1, 500], receiver.Calls.Select(StepOf));
        Assert.Equal(2, receiver.Calls.Select(call => call.Headers["webhook-id"]).Distinct().Count());
        using var said = JsonDocument.Parse(receiver.Calls.Last().Body);
        var data = said.RootElement.GetProperty("data");
        Assert.Equal(("job.progress", "job", "resize", "pictures", "PROGRESS", 2, "Step 500", "7"), (said.RootElement.Text("type"), data.Text("id"), data.Text("type"), data.Text("queue"), data.Text("state"),
            data.GetProperty("attempt").GetInt32(), data.Text("status"), data.GetProperty("tags").Text("customer")));
    }

    /// <summary>A value is carried again where the job's grain did not answer: that is no news to anybody else.</summary>
    [Fact]
    public async Task AValueThatWasTold_OrAnOlderOne_IsNotToldAgain()
    {
        await using var receiver = await Receiver.StartAsync(200);
        var told = Told("job", receiver.Address);
        told.Tell(At(3));
        await Eventually.IsTrueAsync(() => receiver.Calls.Count == 1);
        told.Tell(At(3));
        told.Tell(At(2));
        told.Tell(At(4));
        await WaitsAsync();
        _time.Advance(Pace);
        await Eventually.IsTrueAsync(() => receiver.Calls.Count == 2);
        Assert.Equal([3, 4], receiver.Calls.Select(StepOf));
    }

    [Fact]
    public async Task OfAnAttemptThatIsOver_NothingMoreIsTold_AndNothingWaits()
    {
        await using var receiver = await Receiver.StartAsync(200);
        var told = Told("job", receiver.Address);
        told.Tell(At(1));
        await Eventually.IsTrueAsync(() => receiver.Calls.Count == 1);
        told.Tell(At(2));
        await WaitsAsync();
        told.Over();
        await WaitsAsync(timers: 0);
        told.Tell(At(3));
        await AssertNothingMoreAsync(receiver, 1);
    }

    [Fact]
    public async Task WhatWasNotTaken_ComesAgainUnderTheSameId_LaterAndLater_UnlessThereIsSomethingNewer()
    {
        var status = 503;
        await using var receiver = await Receiver.StartAsync((context, _) =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });
        var told = Told("job", receiver.Address);
        told.Tell(At(1));
        await WaitsAsync();
        _time.Advance(Pace * 2);
        await Eventually.IsTrueAsync(() => receiver.Calls.Count == 2);
        await WaitsAsync();
        told.Tell(At(9));
        _time.Advance(Pace * 4 - TimeSpan.FromMilliseconds(1));
        Assert.Equal((1, 2), (_time.Timers, receiver.Calls.Count));
        status = 200;
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await Eventually.IsTrueAsync(() => receiver.Calls.Count == 3);
        var calls = receiver.Calls.ToArray();
        Assert.Equal([1, 1, 9], calls.Select(StepOf));
        Assert.Equal((calls[0].Headers["webhook-id"], calls[0].Text), (calls[1].Headers["webhook-id"], calls[1].Text));
    }

    [Fact]
    public async Task WhoAsksForTime_IsGivenIt_AndWhoWantsNoMore_IsToldNoMore()
    {
        await using var receiver = await Receiver.StartAsync((context, call) =>
        {
            (context.Response.StatusCode, context.Response.Headers.RetryAfter) = StepOf(call) == 1 ? (429, "60") : (410, "");
            return Task.CompletedTask;
        });
        var told = Told("job", receiver.Address);
        told.Tell(At(1));
        await WaitsAsync();
        told.Tell(At(2));
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal((1, 1), (_time.Timers, receiver.Calls.Count));
        _time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.IsTrueAsync(() => receiver.Calls.Count == 2);
        told.Tell(At(3));
        await AssertNothingMoreAsync(receiver, 2);
    }

    [Fact]
    public async Task EachReceiverHasItsOwnPace()
    {
        await using var gone = await Receiver.StartAsync(500);
        await using var well = await Receiver.StartAsync(200);
        var told = Told("job", gone.Address, well.Address);
        told.Tell(At(1));
        await Eventually.IsTrueAsync(() => well.Calls.Count == 1 && gone.Calls.Count == 1);
        told.Tell(At(2));
        await WaitsAsync(timers: 2);
        _time.Advance(Pace);
        await Eventually.IsTrueAsync(() => well.Calls.Count == 2);
        Assert.Equal([1], gone.Calls.Select(StepOf));
    }

    [Fact]
    public void JobsOfWhichNobodyIsTold_HaveNoListener_AndAreGivenOutWithoutOne()
    {
        Assert.Null(_calls.For(new Lease { Id = "j", Partition = 0, Token = 1, Type = "t", Queue = "q", Args = [], Attempt = 1 }));
        var options = new JobGridOptions { Http = { Hosts = ["a.b"] }, Webhooks = { Secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] } };
        Assert.Null(new WebhookRules(options).ProgressUrlsOf(Job("t"), "default"));
        Assert.Null(new WebhookRules(options).ProgressUrlsOf(Job("t", new JobNotice("https://a.b/")), "default"));
        Assert.Equal(["https://a.b/"], new WebhookRules(options).ProgressUrlsOf(Job("t", new JobNotice("https://a.b/", NoticeOn.Progress | NoticeOn.Failure)), "default")!);
        options.Webhooks.Rules = [new() { Url = "https://a.b/rule", On = "progress", Types = ["t"] }];
        var rules = new WebhookRules(options);
        Assert.Equal(["https://a.b/own", "https://a.b/rule"], rules.ProgressUrlsOf(Job("t", new JobNotice("https://a.b/own", NoticeOn.Progress)), "default")!);
        Assert.Null(rules.ProgressUrlsOf(Job("other"), "default"));
        Assert.Null(rules.ProgressUrlsOf(Job(WebhookJob.Name, new JobNotice("https://a.b/own", NoticeOn.Progress)), "default"));
        Assert.False(rules.IsFollowed(Job("t"), "default"), "its end is told nobody");
        Assert.Empty(rules.UrlsFor(Job("t", new JobNotice("https://a.b/own", NoticeOn.Progress)), "default", JobState.Failure));
    }

    /// <summary>Another job's call goes all the way to the receiver and back, however far the clock has gone: what was to come would have come before it.</summary>
    private async Task AssertNothingMoreAsync(Receiver receiver, int calls)
    {
        await using var other = await Receiver.StartAsync(200);
        for (var turn = 1; turn <= 3; turn++)
        {
            Told($"other{turn}", other.Address).Tell(At(1));
            await Eventually.IsTrueAsync(() => other.Calls.Count == turn);
            _time.Advance(TimeSpan.FromHours(1));
        }

        Assert.Equal(calls, receiver.Calls.Count);
    }

    private static JobSpec Job(string type, params JobNotice[] notify) => new() { Type = type, Queue = "q", Args = [], Notify = notify };
}
