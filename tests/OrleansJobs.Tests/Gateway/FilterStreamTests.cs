using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Gateway.Live;

namespace OrleansJobs.Tests.Gateway;

/// <summary>Streams of filters where the grid does not tell all there is, and what they leave behind.</summary>
public sealed class FilterStreamTests : IAsyncLifetime
{
    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task AJobBeyondWhatTheListLooksAt_IsFollowedOn()
    {
        var job = Add("a", JobState.Progress);
        using var events = await OpenAsync("/events?state=PROGRESS");
        Assert.Equal("PROGRESS", (await events.NextAsync())!.Job.Text("state"));
        _host.Grid.Lists = _ => new([], "7.1");
        await LookSeveralTimesAsync();
        job.Succeed("42");
        Assert.Equal(42, (await events.NextAsync())!.Job.GetProperty("result").GetInt32());
    }

    [Fact]
    public async Task AJobThatEndedUnheard_IsToldToItsEnd()
    {
        var job = Add("a", JobState.Progress);
        using var events = await OpenAsync("/events?state=PROGRESS");
        Assert.Equal("PROGRESS", (await events.NextAsync())!.Job.Text("state"));
        var telling = new TaskCompletionSource();
        _host.Grid.WatchGate = telling.Task;
        _host.Grid.Changes.IsMuted = true;
        job.Succeed("42");
        await LookSeveralTimesAsync();
        telling.SetResult();
        Assert.Equal(42, (await events.NextAsync())!.Job.GetProperty("result").GetInt32());
    }

    [Fact]
    public async Task AJobThatWaitsAgainUnheard_IsToldOnceMoreAndLetGoOf()
    {
        var job = Add("a", JobState.Progress);
        using var events = await OpenAsync("/events?state=PROGRESS");
        Assert.Equal("PROGRESS", (await events.NextAsync())!.Job.Text("state"));
        _host.Grid.WatchGate = new TaskCompletionSource().Task;
        _host.Grid.Changes.IsMuted = true;
        job.Become(status => status with { State = JobState.Pending, Phase = JobPhase.Retrying });
        await LookSeveralTimesAsync();
        Assert.Equal("PENDING", (await events.NextAsync())!.Job.Text("state"));
        await Eventually.IsTrueAsync(() => _host.Grid.Watches == 0);
    }

    [Fact]
    public async Task ALookThatTheGridCancels_IsMadeAgain()
    {
        var fails = true;
        _host.Grid.Lists = _ =>
        {
            // Null: as it would be anyway.
            if (!fails) return null!;
            fails = false;
            throw new TaskCanceledException("An activation that did not come to life in time.");
        };
        using var events = await EventStream.OpenAsync(_host.Http, "/events");
        Add("a", JobState.Pending);
        Assert.Equal("a", (await events.NextAsync())!.Job.Text("id"));
    }

    [Fact]
    public async Task AStreamThatCannotGoOn_Ends()
    {
        _host.Grid.Lists = _ => throw new InvalidCastException("A defect.");
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:PingInterval"] = "00:00:00.100" }, _host.Grid);
        using var events = await EventStream.OpenAsync(host.Http, "/events");
        Assert.Null(await events.NextAsync());
    }

    [Fact]
    public async Task AReaderThatLeavesBeforeItIsToldTheEnd_LeavesNothingBehind()
    {
        using var body = new HeldBody();
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:EventWriteTimeout"] = "00:01:00" }, _host.Grid, map: app => app.Use((context, next) =>
        {
            context.Response.Body = body.Around(context.Response.Body);
            return next(context);
        }));
        var job = Add("a", JobState.Progress);
        using (var events = await OpenAsync("/events?state=PROGRESS", host))
        {
            Assert.Equal("PROGRESS", (await events.NextAsync())!.Job.Text("state"));
            body.Hold();
            job.Report(1, 10);
            await body.IsWaiting;
            // Its reader is busy: the end waits, with a large result.
            job.Succeed($"\"{new string('r', 100_000)}\"");
            await Eventually.IsTrueAsync(() => _host.Grid.Watches == 0);
            // Once this one is followed, the stream has taken in that the other has ended.
            Add("next", JobState.Progress);
            await Eventually.IsTrueAsync(() => _host.Grid.Watches == 1);
        }

        await Eventually.IsTrueAsync(() => host.App.Services.GetRequiredService<EventStreams>().Open == 0);
        Assert.True(host.App.Services.GetRequiredService<EventMemory>().TryKeep(64 << 20), "Some of the memory for events is still taken.");
        Assert.Equal(0, host.App.Services.GetRequiredService<WatchHub>().Count);
    }

    private async Task<EventStream> OpenAsync(string path, GatewayHost? host = null)
    {
        var events = await EventStream.OpenAsync((host ?? _host).Http, path);
        await Eventually.IsTrueAsync(() => _host.Grid.Changes.Reads >= 2);
        return events;
    }

    /// <summary>The first of these looks may have begun before; the second has ended once the third begins.</summary>
    private async Task LookSeveralTimesAsync()
    {
        for (var look = 0; look < 3; look++)
        {
            var reads = _host.Grid.ListReads;
            _host.Grid.Changes.Lose();
            await Eventually.IsTrueAsync(() => _host.Grid.ListReads > reads);
        }
    }

    private FakeGrid.FakeJob Add(string id, JobState state) => _host.Grid.Add(new()
    {
        Id = id, Type = "longtask", Queue = "default", Version = 1, State = state, Phase = state == JobState.Progress ? JobPhase.Running : JobPhase.Waiting,
        SubmittedAt = TimeProvider.System.GetUtcNow(),
    });
}
