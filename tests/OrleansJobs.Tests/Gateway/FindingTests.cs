using System.Net;
using System.Text.Json;

namespace OrleansJobs.Tests.Gateway;

public sealed class FindingTests : IAsyncLifetime
{
    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task List_HandsTheFiltersOn_AndNamesTheNextPage()
    {
        JobQuery? asked = null;
        _host.Grid.Lists = query =>
        {
            asked = query;
            return new([new() { Id = "a", Type = "longtask", Queue = "mail", State = JobState.Success }], query.Cursor is null ? "c+/=1" : null);
        };

        var first = await _host.Http.GetAsync("/jobs?state=success&type=longtask&queue=mail&tag.customer=7%208&submittedAfter=2026-01-01T00:00:00%2B01:00&limit=7");
        Assert.Equal((JobState.Success, "longtask", "mail", 7), (asked!.State, asked.Type, asked.Queue, asked.Limit));
        Assert.Equal(new DateTimeOffset(2025, 12, 31, 23, 0, 0, TimeSpan.Zero), asked.SubmittedAfter);
        Assert.Equal([new JobTag("customer", "7 8")], asked.Tags);
        var page = await first.JsonAsync();
        Assert.Equal("c+/=1", page.Text("cursor"));
        Assert.False(page.GetProperty("jobs")[0].TryGetProperty("result", out _));

        var link = first.Header("Link")!;
        Assert.EndsWith("; rel=\"next\"", link);
        var second = await _host.Http.GetAsync(link[1..link.IndexOf('>')]);
        Assert.Equal(("c+/=1", "mail", 7), (asked.Cursor, asked.Queue, asked.Limit));
        Assert.Equal([new JobTag("customer", "7 8")], asked.Tags);
        Assert.Null(second.Header("Link"));
    }

    [Fact]
    public async Task EachSearch_IsHandedOn_AndSaysHowFarItHasCome()
    {
        JobQuery? asked = null;
        var noon = new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
        _host.Grid.Lists = query =>
        {
            asked = query;
            return new([], "c") { Reach = new(31744, noon) };
        };
        var page = await (await _host.Http.GetAsync("/jobs?id=0198&phase=Retrying&key=tenant%2F7&error=no%20route&args=%22to%22&submittedBefore=2026-01-31T13:00:00%2B01:00" +
            "&startedAfter=2026-01-31T12:00:00Z&startedBefore=2026-01-31T12:00:00Z&finishedAfter=2026-01-31T12:00:00Z&finishedBefore=2026-01-31T12:00:00Z")).JsonAsync();
        Assert.Equal(("0198", JobPhase.Retrying, "tenant/7", "no route", "\"to\""), (asked!.Id, asked.Phase, asked.Key, asked.Error, asked.Args));
        Assert.All((DateTimeOffset?[])[asked.SubmittedBefore, asked.StartedAfter, asked.StartedBefore, asked.FinishedAfter, asked.FinishedBefore], instant => Assert.Equal(noon, instant));
        Assert.Null(asked.SubmittedAfter);
        Assert.Equal((31744, "2026-01-31T12:00:00Z"), (page.GetProperty("search").GetProperty("lookedAt").GetInt32(), page.GetProperty("search").Text("reached")));

        _host.Grid.Lists = _ => new([], "c");
        Assert.False((await (await _host.Http.GetAsync("/jobs")).JsonAsync()).TryGetProperty("search", out _));
    }

    [Fact]
    public async Task Stats_AreAskedForOnceASecond_HoweverManyAsk()
    {
        _host.Grid.Stats = new() { Backlog = 5, Runnable = 5, Running = 2, Slots = 8, OldestWaiting = TimeSpan.FromSeconds(1.5), Counts = [new(JobState.Pending, "q", "t", 5)] };
        var stats = await (await _host.Http.GetAsync("/stats")).JsonAsync();
        Assert.Equal((5, 1.5), (stats.GetProperty("backlog").GetInt32(), stats.GetProperty("oldestWaitingSeconds").GetDouble()));
        Assert.Equal("PENDING", stats.GetProperty("counts")[0].Text("state"));
        var scaling = await (await _host.Http.GetAsync("/stats/scaling")).JsonAsync();
        Assert.Equal((7, 8), (scaling.GetProperty("load").GetInt32(), scaling.GetProperty("slots").GetInt32()));
    }

    [Fact]
    public async Task Queues_ArePausedWithAReason_AndShowIt()
    {
        var paused = await (await _host.Http.PostJsonAsync("/queues/mail/pause", """{"reason":"moving"}""")).JsonAsync();
        Assert.Equal((true, "moving"), (paused.GetProperty("paused").GetBoolean(), paused.Text("reason")));
        Assert.Contains("moving", await _host.Http.GetStringAsync("/queues"));
        Assert.False((await (await _host.Http.PostAsync("/queues/mail/resume", null)).JsonAsync()).GetProperty("paused").GetBoolean());
        Assert.DoesNotContain("moving", await _host.Http.GetStringAsync("/queues"));
    }

    [Fact]
    public async Task JobTypes_CarryTheirSchemas()
    {
        var types = (await (await _host.Http.GetAsync("/job-types")).JsonAsync()).EnumerateArray().ToList();
        Assert.Equal(["anything", "longtask", "tree"], types.Select(type => type.Text("name")));
        Assert.Equal(JsonValueKind.True, types[0].GetProperty("argsSchema").ValueKind);
        Assert.Equal("object", types[1].GetProperty("argsSchema").Text("type"));
    }

    [Fact]
    public async Task AMadeUpType_CostsTheGridOneQuestionASecondAtMost()
    {
        await _host.Http.PostAsync("/jobs/longtask", null);
        var before = _host.Grid.TypeReads;
        var started = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < 50; i++) Assert.Equal(HttpStatusCode.UnprocessableEntity, (await _host.Http.PostAsync($"/jobs/nope-{i}", null)).StatusCode);
        Assert.InRange(_host.Grid.TypeReads - before, 0, 1 + (int)TimeProvider.System.GetElapsedTime(started).TotalSeconds);
    }

    [Fact]
    public async Task ATypeThatComesLater_IsFound()
    {
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await _host.Http.PostAsync("/jobs/later", null)).StatusCode);
        _host.Grid.Types.Add(new() { Name = "later" });
        await Eventually.AnswersAsync(() => _host.Http.PostAsync("/jobs/later", null), answer => answer.StatusCode == HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task Health_TellsReadyFromAlive()
    {
        _host.Grid.Trouble = "The store is away.";
        Assert.Equal(HttpStatusCode.OK, (await _host.Http.GetAsync("/health/live")).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await _host.Http.GetAsync("/health/startup")).StatusCode);
        Assert.Contains("The store is away.", await (await _host.Http.GetAsync("/health/ready")).Content.ReadAsStringAsync());
        _host.Grid.Trouble = null;
        Assert.Equal(HttpStatusCode.OK, (await _host.Http.GetAsync("/health/startup")).StatusCode);
        _host.Grid.Fault = new TimeoutException();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await _host.Http.GetAsync("/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _host.Http.GetAsync("/health/startup")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await _host.Http.GetAsync("/health/live")).StatusCode);
    }

    [Fact]
    public async Task AGridThatDoesNotAnswer_Is503_AndADefectIs500WithoutAWordOfIt()
    {
        _host.Grid.Fault = new TimeoutException("Response did not arrive on time: secret-silo:11111");
        var away = await _host.Http.GetAsync("/jobs/a");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "1"), (away.StatusCode, away.Header("Retry-After")));
        Assert.DoesNotContain("secret", await away.Content.ReadAsStringAsync());

        _host.Grid.Fault = new TaskCanceledException("An activation that did not come to life in time: secret");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await _host.Http.GetAsync("/jobs/a")).StatusCode);

        _host.Grid.Fault = new InvalidCastException("secret");
        var broken = await _host.Http.GetAsync("/jobs/a");
        Assert.Equal((HttpStatusCode.InternalServerError, "internal"), (broken.StatusCode, await broken.ProblemAsync()));
        Assert.DoesNotContain("secret", await broken.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task AGridThatIsNotInReach_IsNotTheCursorsFault()
    {
        _host.Grid.Fault = new ArgumentException("Could not find an implementation for interface OrleansJobs.IPartitionQuery") { Source = "Orleans.Core" };
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await _host.Http.GetAsync("/jobs?cursor=7.1")).StatusCode);
        _host.Grid.Fault = new ArgumentException("The cursor is none of ours.");
        Assert.Equal(HttpStatusCode.BadRequest, (await _host.Http.GetAsync("/jobs?cursor=7.1")).StatusCode);
    }

    [Fact]
    public async Task AFullGrid_Is503WithRetryAfter()
    {
        _host.Grid.Refuse = job => new() { Id = job.Id, Outcome = SubmitOutcome.Overloaded, Reason = "The backlog has reached its ceiling.", RetryAfter = TimeSpan.FromSeconds(7) };
        var full = await _host.Http.PostAsync("/jobs/longtask", null);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "7", "overloaded"), (full.StatusCode, full.Header("Retry-After"), await full.ProblemAsync()));
    }
}
