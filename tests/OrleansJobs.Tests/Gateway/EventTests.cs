using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Gateway.Live;

namespace OrleansJobs.Tests.Gateway;

public sealed class EventTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync(new() { ["Gateway:PingInterval"] = "00:00:00.200", ["Gateway:EventWriteTimeout"] = "00:00:01" });

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Events_TellTheStateNow_ThenEachNewOne_AndEndWithTheJob()
    {
        var job = Add("a");
        using var events = await EventStream.OpenAsync(_host.Http, "/jobs/a/events");
        Assert.Equal("text/event-stream", events.Answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("no", events.Answer.Header("X-Accel-Buffering"));
        Assert.Equal("PENDING", (await events.NextAsync())!.Job.Text("state"));

        job.Report(1, 10, "Sawing");
        var second = (await events.NextAsync())!;
        Assert.Equal((job.Status.Version.ToString(), 1L), (second.Id, second.Job.GetProperty("current").GetInt64()));

        job.Succeed("{\n  \"lines\": 2\r\n}");
        var last = (await events.NextAsync())!;
        Assert.Equal(2, last.Job.GetProperty("result").GetProperty("lines").GetInt32());
        Assert.Null(await events.NextAsync());
    }

    [Fact]
    public async Task LastEventId_LeavesOutWhatIsKnown()
    {
        var job = Add("a");
        job.Report(1, 10);
        using var events = await EventStream.OpenAsync(_host.Http, "/jobs/a/events", ("Last-Event-ID", $"{job.Status.Version}"));
        job.Report(2, 10);
        Assert.Equal(2, (await events.NextAsync())!.Job.GetProperty("current").GetInt64());
    }

    [Fact]
    public async Task LastEventId_OfTheEnd_Is204()
    {
        var job = Add("a");
        job.Succeed("1");
        Assert.Equal(HttpStatusCode.NoContent, (await _host.Http.GetAsync("/jobs/a/events", ("Last-Event-ID", $"{job.Status.Version}"))).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await _host.Http.GetAsync($"/jobs/a/events?lastEventId={job.Status.Version}")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _host.Http.GetAsync("/jobs/a/events", ("Last-Event-ID", "rubbish"))).StatusCode);
    }

    [Fact]
    public async Task AnUnknownJob_Is404() => Assert.Equal(HttpStatusCode.NotFound, (await _host.Http.GetAsync("/jobs/nope/events")).StatusCode);

    [Fact]
    public async Task Ping_ComesWhereNothingHappens()
    {
        Add("a");
        using var events = await EventStream.OpenAsync(_host.Http, "/jobs/a/events");
        await events.NextAsync();
        Assert.Equal("ping", (await events.NextAsync(withPings: true))!.Event);
        Assert.Equal("ping", (await events.NextAsync(withPings: true))!.Event);
    }

    [Fact]
    public async Task ManyJobs_ShareOneStream_ThatEndsWhenAllHave()
    {
        var (a, b) = (Add("a"), Add("b"));
        using var events = await EventStream.OpenAsync(_host.Http, "/events?jobs=a,b,nope");
        var first = new[] { (await events.NextAsync())!.Id, (await events.NextAsync())!.Id };
        Assert.Equal(["1:a", "1:b"], first.Order());

        a.Succeed("1");
        Assert.Equal("2:a", (await events.NextAsync())!.Id);
        b.Fail("error", "no");
        Assert.Equal("2:b", (await events.NextAsync())!.Id);
        Assert.Null(await events.NextAsync());
        Assert.Equal("end:2", events.LastId);
        Assert.Equal(HttpStatusCode.NoContent, (await _host.Http.GetAsync("/events?jobs=a,b,nope", ("Last-Event-ID", "end:2"))).StatusCode);
    }

    [Fact]
    public async Task ManyJobs_WhenOneLivesAgainAfterTheEnd_AreToldAgain()
    {
        var (a, b) = (Add("a"), Add("b"));
        a.Succeed("1");
        b.Succeed("1");
        Assert.Equal(HttpStatusCode.NoContent, (await _host.Http.GetAsync("/events?jobs=a,b", ("Last-Event-ID", "end:2"))).StatusCode);
        // Another job of the same id; its versions lie above.
        _host.Grid.Add(a.Status with { State = JobState.Pending, Phase = JobPhase.Waiting, Result = null, Version = 7 });
        using var events = await EventStream.OpenAsync(_host.Http, "/events?jobs=a,b&lastEventId=end:2");
        var seen = new[] { (await events.NextAsync())!.Id, (await events.NextAsync())!.Id };
        Assert.Equal(["2:b", "7:a"], seen.Order());
        // And ended already by the time its reader comes back.
        _host.Grid["a"].Succeed("2");
        using var again = await EventStream.OpenAsync(_host.Http, "/events?jobs=a,b&lastEventId=end:2");
        Assert.Contains("8:a", new[] { (await again.NextAsync())!.Id, (await again.NextAsync())!.Id });
    }

    [Fact]
    public async Task AFilter_FollowsWhatFitsAndWhatComes()
    {
        Add("old").Succeed("1");
        using var events = await EventStream.OpenAsync(_host.Http, "/events?queue=default");
        Assert.Equal("old", (await events.NextAsync())!.Job.Text("id"));

        var job = Add("new");
        Assert.Equal("new", (await events.NextAsync())!.Job.Text("id"));
        job.Report(5, 10);
        Assert.Equal(5, (await events.NextAsync())!.Job.GetProperty("current").GetInt64());
        job.Succeed("1");
        Assert.Equal("SUCCESS", (await events.NextAsync())!.Job.Text("state"));
    }

    [Fact]
    public async Task AFilter_TellsJobsThatHadEnded_WithoutAResultRatherThanWithNone()
    {
        Add("done").Succeed("42");
        using var events = await EventStream.OpenAsync(_host.Http, "/events");
        var told = (await events.NextAsync())!.Job;
        Assert.Equal("SUCCESS", told.Text("state"));
        Assert.False(told.TryGetProperty("result", out _));
    }

    [Fact]
    public async Task Filters_ThatReadAlike_AreNotTheSame()
    {
        _host.Grid.Lists = query => new([new() { Id = $"tags-{query.Tags.Length}", Type = "longtask", Queue = "default", State = JobState.Success, Version = 1 }], null);
        using var one = await EventStream.OpenAsync(_host.Http, "/events?tag.a=1%26b%3D2");
        Assert.Equal("tags-1", (await one.NextAsync())!.Job.Text("id"));
        using var two = await EventStream.OpenAsync(_host.Http, "/events?tag.a=1&tag.b=2");
        Assert.Equal("tags-2", (await two.NextAsync())!.Job.Text("id"));
    }

    [Fact]
    public async Task AFilter_WhereNothingHappens_AsksForNoLists()
    {
        Add("a");
        using var events = await EventStream.OpenAsync(_host.Http, "/events");
        Assert.Equal("a", (await events.NextAsync())!.Job.Text("id"));
        // Two seconds and more.
        for (var pings = 0; pings < 12; pings++) Assert.Equal("ping", (await events.NextAsync(withPings: true))!.Event);
        // The first, and another once the grid is listened to.
        Assert.InRange(_host.Grid.ListReads, 1, 2);
    }

    [Fact]
    public async Task AFilter_IsToldOfWhatItMissed_ByTheList()
    {
        using var events = await EventStream.OpenAsync(_host.Http, "/events");
        await IsListenedToAsync();
        _host.Grid.Changes.IsMuted = true;
        Add("missed");
        _host.Grid.Changes.Lose();
        Assert.Equal("missed", (await events.NextAsync())!.Job.Text("id"));
    }

    [Fact]
    public async Task AFilter_TellsOnceMore_OfAJobThatFitsNoLonger_AndLetsGoOfIt()
    {
        var job = Add("a");
        Add("other");
        using var events = await EventStream.OpenAsync(_host.Http, "/events?state=PENDING");
        var first = new[] { (await events.NextAsync())!.Job.Text("id"), (await events.NextAsync())!.Job.Text("id") };
        Assert.Equal(["a", "other"], first.Order());
        await IsListenedToAsync();
        job.Report(1, 10);
        Assert.Equal(("a", "PROGRESS"), Told((await events.NextAsync())!));
        job.Report(2, 10);
        job.Succeed("1");
        Add("next");
        Assert.Equal(("next", "PENDING"), Told((await events.NextAsync())!));

        static (string, string) Told(ServerEvent told) => (told.Job.Text("id"), told.Job.Text("state"));
    }

    [Fact]
    public async Task AFilter_FollowsAJobThroughItsLife_AndThatOfItsRetry()
    {
        var job = Add("a");
        using var events = await EventStream.OpenAsync(_host.Http, "/events?type=longtask");
        Assert.Equal("PENDING", (await events.NextAsync())!.Job.Text("state"));
        job.Report(1, 10);
        Assert.Equal("PROGRESS", (await events.NextAsync())!.Job.Text("state"));
        job.Fail("error", "no");
        Assert.Equal("FAILURE", (await events.NextAsync())!.Job.Text("state"));
        await _host.Http.PostAsync("/jobs/a/retry", null);
        Assert.Equal("PENDING", (await events.NextAsync())!.Job.Text("state"));
        job.Report(1, 10);
        Assert.Equal("PROGRESS", (await events.NextAsync())!.Job.Text("state"));
        job.Succeed("[1]");
        Assert.Equal("[1]", (await events.NextAsync())!.Job.GetProperty("result").GetRawText());
    }

    [Fact]
    public async Task AFilter_FollowsTheNewestJobsOnly_AndWatchesNoneThatDoNotRun()
    {
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:MaxEventJobs"] = "3" });
        using var events = await EventStream.OpenAsync(host.Http, "/events");
        for (var i = 0; i < 10; i++)
        {
            host.Grid.Add(new() { Id = $"j{i}", Type = "longtask", Queue = "default", Version = 1, SubmittedAt = DateTimeOffset.UnixEpoch.AddSeconds(i) });
            Assert.Equal($"j{i}", (await events.NextAsync())!.Job.Text("id"));
        }

        Assert.Equal(0, host.Grid.Watches);
        foreach (var job in host.Grid.Jobs) job.Report(1, 2);
        // Those that are followed no longer are not told.
        string[] told = [(await events.NextAsync())!.Job.Text("id"), (await events.NextAsync())!.Job.Text("id"), (await events.NextAsync())!.Job.Text("id")];
        Assert.Equal(["j7", "j8", "j9"], told.Order());
    }

    [Fact]
    public async Task AFilter_AsksForNoMoreJobsThanAPageOfTheListHas()
    {
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:MaxEventJobs"] = "500", ["Gateway:PingInterval"] = "00:00:00.100" });
        host.Grid.Lists = query => query.Limit > JobLimits.MaxPage ? throw new ArgumentOutOfRangeException(nameof(query)) : null!;
        host.Grid.Add(new() { Id = "a", Type = "longtask", Queue = "default", Version = 1 });
        using var events = await EventStream.OpenAsync(host.Http, "/events");
        Assert.Equal("a", (await events.NextAsync())?.Job.Text("id"));
    }

    [Fact]
    public async Task EventsThatAreNotKept_AreReadForTheirReaders()
    {
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:MaxEventBytes"] = "0" });
        var result = $"\"{new string('r', 100_000)}\"";
        var job = host.Grid.Add(new() { Id = "a", Type = "longtask", Queue = "default", Version = 1 });
        using var one = await EventStream.OpenAsync(host.Http, "/jobs/a/events");
        using var two = await EventStream.OpenAsync(host.Http, "/jobs/a/events");
        foreach (var events in (EventStream[])[one, two]) Assert.Equal("PENDING", (await events.NextAsync())!.Job.Text("state"));
        job.Succeed(result);
        foreach (var events in (EventStream[])[one, two])
        {
            Assert.Equal(result, (await events.NextAsync())!.Job.GetProperty("result").GetRawText());
            Assert.Null(await events.NextAsync());
        }
    }

    [Fact]
    public async Task ResultsThatWereTold_AreNotKept_WhileTheirStreamGoesOn()
    {
        const int Ended = 99;
        var ended = Enumerable.Range(0, Ended).Select(i => $"ended-{i}").ToList();
        foreach (var id in ended) Add(id).Succeed($"\"{new string('r', 100_000)}\"");
        Add("later");
        using var events = await EventStream.OpenAsync(_host.Http, $"/events?jobs={string.Join(',', ended)},later");
        for (var told = 0; told <= Ended; told++) Assert.NotNull(await events.NextAsync());

        var results = ended.ConvertAll(Forget);
        await Eventually.IsTrueAsync(() =>
        {
            GC.Collect();
            return !results.Exists(result => result.IsAlive);
        });
        Assert.Equal(0, _host.App.Services.GetRequiredService<EventMemory>().Kept);
        Assert.Equal(1, _host.App.Services.GetRequiredService<EventStreams>().Open);

        WeakReference Forget(string id)
        {
            var result = new WeakReference(_host.Grid[id].Status.Result);
            _host.Grid.Forget(id);
            return result;
        }
    }

    [Fact]
    public async Task ManyReadersOfOneJob_AreOneSubscription_ThatEndsWithTheLast()
    {
        Add("a");
        var readers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => EventStream.OpenAsync(_host.Http, "/jobs/a/events")));
        foreach (var reader in readers) await reader.NextAsync();
        Assert.Equal(1, _host.Grid.Watches);

        foreach (var reader in readers) reader.Dispose();
        await Eventually.IsTrueAsync(() => _host.Grid.Watches == 0 && _host.App.Services.GetRequiredService<WatchHub>().Count == 0);
    }

    [Fact]
    public async Task AReaderThatDoesNotRead_IsDropped_AndCostsTheOthersNothing()
    {
        var job = Add("a");
        using var slow = new TcpClient { ReceiveBufferSize = 4096 };
        await slow.ConnectAsync("127.0.0.1", _host.Http.BaseAddress!.Port);
        await slow.GetStream().WriteAsync("GET /jobs/a/events HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        var streams = _host.App.Services.GetRequiredService<EventStreams>();
        await Eventually.IsTrueAsync(() => streams.Open == 1);
        using var other = await EventStream.OpenAsync(_host.Http, "/jobs/a/events");

        // Large messages, as many as it takes to fill what lies between the gateway and the one that does not read.
        var message = new string('m', 200_000);
        var told = 0L;
        await Eventually.AnswersAsync(async () =>
        {
            job.Report(++told, 1_000_000, message);
            while ((await other.NextAsync())!.Job.GetProperty("current").GetInt64() < told)
            {
            }

            return streams.Open;
        }, open => open == 1);

        Assert.Equal(1, _host.Grid.Watches);
    }

    [Fact]
    public async Task MoreStreamsThanAllowed_Are503()
    {
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:MaxEventStreams"] = "1" });
        host.Grid.Add(new() { Id = "a", Type = "longtask", Queue = "default", Version = 1 });
        using var first = await EventStream.OpenAsync(host.Http, "/jobs/a/events");
        var second = await host.Http.GetAsync("/jobs/a/events");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "5"), (second.StatusCode, second.Header("Retry-After")));
    }

    [Fact]
    public async Task AGatewayThatStops_EndsItsStreams()
    {
        var host = await GatewayHost.StartAsync();
        host.Grid.Add(new() { Id = "a", Type = "longtask", Queue = "default", Version = 1 });
        using var events = await EventStream.OpenAsync(host.Http, "/jobs/a/events");
        await events.NextAsync();
        var stopped = host.App.StopAsync();
        Assert.Null(await events.NextAsync());
        await stopped.WaitAsync(Patience);
        await host.DisposeAsync();
    }

    /// <summary>The gateway hears of changes, rather than looking at the list.</summary>
    private Task IsListenedToAsync() => Eventually.IsTrueAsync(() => _host.Grid.Changes.Reads >= 2);

    private FakeGrid.FakeJob Add(string id) => _host.Grid.Add(new()
    {
        Id = id, Type = "longtask", Queue = "default", Version = 1, Phase = JobPhase.Waiting, SubmittedAt = TimeProvider.System.GetUtcNow(),
    });
}
