using System.Net;
using System.Text.Json;

namespace OrleansJobs.Tests.Gateway;

public sealed class StatusTests : IAsyncLifetime
{
    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Get_WithTheETagThatIsKnown_Is304UntilThereIsSomethingNew()
    {
        var job = Add("a");
        var first = await _host.Http.GetAsync("/jobs/a");
        var etag = first.Headers.ETag!.Tag;
        Assert.Equal("no-cache", first.Headers.CacheControl!.ToString());

        foreach (var header in new[] { etag, $"W/{etag}", $"\"0\", {etag}", "*" })
            Assert.Equal(HttpStatusCode.NotModified, (await _host.Http.GetAsync("/jobs/a", ("If-None-Match", header))).StatusCode);

        job.Report(1, 2);
        var second = await _host.Http.GetAsync("/jobs/a", ("If-None-Match", etag));
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);
        Assert.NotEqual(etag, second.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task RetryAfter_IsThereUntilTheEnd_AndKnowsOfTheDueTime()
    {
        var job = Add("a");
        Assert.Equal("1", (await _host.Http.GetAsync("/jobs/a")).Header("Retry-After"));
        job.Become(status => status with { Phase = JobPhase.Scheduled, DueAt = TimeProvider.System.GetUtcNow().AddHours(1) });
        Assert.Equal("60", (await _host.Http.GetAsync("/jobs/a")).Header("Retry-After"));
        job.Succeed("1");
        Assert.Null((await _host.Http.GetAsync("/jobs/a")).Header("Retry-After"));
    }

    [Fact]
    public async Task AJobThatSaysNothingNew_SaysForHowLong_InTheETagToo()
    {
        var job = Add("a");
        job.Become(status => status with { State = JobState.Progress, Phase = JobPhase.Running });
        Assert.False((await Status("a")).TryGetProperty("stalledFor", out _));
        var before = (await _host.Http.GetAsync("/jobs/a")).Header("ETag")!;
        job.Become(status => status with { StalledFor = TimeSpan.FromSeconds(12.9) });
        Assert.Equal(12, (await Status("a")).GetProperty("stalledFor").GetInt32());
        var tag = (await _host.Http.GetAsync("/jobs/a", ("If-None-Match", before))).Header("ETag")!;
        Assert.NotEqual(before, tag);
        Assert.Equal(System.Net.HttpStatusCode.NotModified, (await _host.Http.GetAsync("/jobs/a", ("If-None-Match", tag))).StatusCode);
    }

    [Fact]
    public async Task ResultAndError_StandInTheirStatesOnly_AndTotalIsNeverZero()
    {
        var job = Add("a");
        job.Become(status => status with { Total = 0 });
        var pending = await Status("a");
        Assert.Equal(1, pending.GetProperty("total").GetInt64());
        Assert.False(pending.TryGetProperty("result", out _) || pending.TryGetProperty("error", out _));

        job.Fail("timeout", "Too <slow>");
        var failed = await Status("a");
        Assert.False(failed.TryGetProperty("result", out _) || failed.TryGetProperty("phase", out _));
        Assert.Equal(("timeout", "Too <slow>"), (failed.GetProperty("error").Text("code"), failed.GetProperty("error").Text("message")));

        var done = Add("b");
        done.Become(status => status with { State = JobState.Success, Phase = JobPhase.None, Result = null });
        Assert.Equal(JsonValueKind.Null, (await Status("b")).GetProperty("result").ValueKind);
    }

    [Fact]
    public async Task Result_IsTheHandlersJsonAsItIs()
    {
        var job = Add("a");
        var early = await _host.Http.GetAsync("/jobs/a/result");
        Assert.Equal((HttpStatusCode.Accepted, "1"), (early.StatusCode, early.Header("Retry-After")));

        job.Succeed("{ \"words\" : [ 1,2 ] }");
        Assert.Equal("{ \"words\" : [ 1,2 ] }", await (await _host.Http.GetAsync("/jobs/a/result")).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Result_WhereThereIsNone_SaysWhy()
    {
        Add("failed").Fail("poison", "It kills silos.");
        var failed = await _host.Http.GetAsync("/jobs/failed/result");
        Assert.Equal(HttpStatusCode.Conflict, failed.StatusCode);
        var problem = await failed.JsonAsync();
        Assert.Equal(("urn:orleansjobs:problem:job-failed", "poison", "It kills silos."), (problem.Text("type"), problem.Text("code"), problem.Text("detail")));

        Add("revoked").Become(status => status with { State = JobState.Revoked, Phase = JobPhase.None });
        Assert.Equal("job-cancelled", await (await _host.Http.GetAsync("/jobs/revoked/result")).ProblemAsync());

        var gone = await _host.Http.GetAsync($"/jobs/{JobIds.New()}/result");
        Assert.Equal((HttpStatusCode.Gone, "gone"), (gone.StatusCode, await gone.ProblemAsync()));
        Assert.Equal(HttpStatusCode.NotFound, (await _host.Http.GetAsync("/jobs/never-was/result")).StatusCode);
    }

    [Fact]
    public async Task PreferWait_OnPost_Answers200WithTheFinishedJob()
    {
        var posted = _host.Http.PostJsonAsync("/jobs", """{"type":"longtask","id":"w"}""", ("Prefer", "respond-async, wait=30"));
        await Eventually.IsTrueAsync(() => _host.Grid.Jobs.Count == 1);
        _host.Grid["w"].Succeed("42");

        var answer = await posted;
        Assert.Equal((HttpStatusCode.OK, "wait=30"), (answer.StatusCode, answer.Header("Preference-Applied")));
        Assert.Contains("Prefer", answer.Headers.Vary);
        Assert.Equal(42, (await answer.JsonAsync()).GetProperty("result").GetInt32());
    }

    [Fact]
    public async Task PreferWait_WhenTheTimeIsOver_AnswersWhereItStands()
    {
        Add("a").Report(3, 10);
        var get = await _host.Http.GetAsync("/jobs/a", ("Prefer", "wait=1"));
        Assert.Equal((HttpStatusCode.OK, 3L), (get.StatusCode, (await get.JsonAsync()).GetProperty("current").GetInt64()));
        var post = await _host.Http.PostJsonAsync("/jobs", """{"type":"longtask"}""", ("Prefer", "wait=1"));
        Assert.Equal((HttpStatusCode.Accepted, "wait=1"), (post.StatusCode, post.Header("Preference-Applied")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task PreferWait_OverAMomentWithoutTheGrid_GoesOn(bool onGet)
    {
        if (onGet) Add("w");
        var waiting = onGet ? _host.Http.GetAsync("/jobs/w", ("Prefer", "wait=30")) : _host.Http.PostJsonAsync("/jobs", """{"type":"longtask","id":"w"}""", ("Prefer", "wait=30"));
        await LoseGridAsync();
        _host.Grid.Fault = null;
        _host.Grid["w"].Succeed("42");

        var answer = await waiting;
        Assert.Equal((HttpStatusCode.OK, "wait=30"), (answer.StatusCode, answer.Header("Preference-Applied")));
        Assert.Equal(42, (await answer.JsonAsync()).GetProperty("result").GetInt32());
    }

    [Fact]
    public async Task PreferWait_OnPost_WhereTheGridStaysAway_StillNamesTheAcceptedJob()
    {
        var waiting = _host.Http.PostJsonAsync("/jobs", """{"type":"longtask","id":"w"}""", ("Prefer", "wait=3"));
        await LoseGridAsync();

        var answer = await waiting;
        Assert.Equal((HttpStatusCode.Accepted, "/jobs/w"), (answer.StatusCode, answer.Header("Location")));
        Assert.Equal("w", (await answer.JsonAsync()).Text("id"));
    }

    [Theory]
    [InlineData("wait=soon")]
    [InlineData("wait=-1")]
    [InlineData("wait")]
    [InlineData("wait=99999999999999999999")]
    [InlineData(";;,,==")]
    public async Task PreferWait_WhenItMakesNoSense_IsIgnored(string preference)
    {
        Add("a");
        var answer = await _host.Http.GetAsync("/jobs/a", ("Prefer", preference));
        Assert.Equal((HttpStatusCode.OK, null), (answer.StatusCode, answer.Header("Preference-Applied")));
    }

    [Fact]
    public async Task PreferWait_WhenTheGatewayStops_AnswersWhereItStands()
    {
        await using var host = await GatewayHost.StartAsync();
        var post = host.Http.PostJsonAsync("/jobs", """{"type":"longtask","id":"b"}""", ("Prefer", "wait=60"));
        host.Grid.Add(new() { Id = "a", Type = "longtask", Queue = "default", Version = 1, Phase = JobPhase.Waiting });
        var get = host.Http.GetAsync("/jobs/a", ("Prefer", "wait=60"));
        await Eventually.IsTrueAsync(() => host.Grid.Waits == 2);
        await host.App.StopAsync().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal((HttpStatusCode.OK, "PENDING"), ((await get).StatusCode, (await (await get).JsonAsync()).Text("state")));
        Assert.Equal((HttpStatusCode.Accepted, "PENDING"), ((await post).StatusCode, (await (await post).JsonAsync()).Text("state")));
    }

    [Fact]
    public async Task Changes_AnswerWhatBecameOfTheJob()
    {
        var job = Add("a");
        job.Report(1, 2);
        var cancelling = await _host.Http.PostJsonAsync("/jobs/a/cancel", """{"reason":"enough"}""");
        Assert.Equal((HttpStatusCode.Accepted, "cancelling"), (cancelling.StatusCode, (await cancelling.JsonAsync()).Text("phase")));

        Assert.Equal("wrong-state", await (await _host.Http.DeleteAsync("/jobs/a")).ProblemAsync());
        Assert.Equal("wrong-state", await (await _host.Http.PostAsync("/jobs/a/retry", null)).ProblemAsync());

        job.Fail("error", "no");
        var cancelledLate = await _host.Http.PostAsync("/jobs/a/cancel", null);
        Assert.Equal((HttpStatusCode.OK, "FAILURE"), (cancelledLate.StatusCode, (await cancelledLate.JsonAsync()).Text("state")));

        var retried = await _host.Http.PostAsync("/jobs/a/retry", null);
        Assert.Equal((HttpStatusCode.Accepted, "/jobs/a"), (retried.StatusCode, retried.Headers.Location!.OriginalString));

        job.Succeed("1");
        Assert.Equal(HttpStatusCode.NoContent, (await _host.Http.DeleteAsync("/jobs/a")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _host.Http.GetAsync("/jobs/a")).StatusCode);
    }

    private FakeGrid.FakeJob Add(string id) => _host.Grid.Add(new() { Id = id, Type = "longtask", Queue = "default", Version = 1, Phase = JobPhase.Waiting });

    private async Task<JsonElement> Status(string id) => await (await _host.Http.GetAsync($"/jobs/{id}")).JsonAsync();

    /// <summary>Whoever waits for the job w is answered that it runs, asks again, and meets a grid that is away.</summary>
    private async Task LoseGridAsync()
    {
        await Eventually.IsTrueAsync(() => _host.Grid.Waits == 1);
        _host.Grid.Fault = new Orleans.Runtime.SiloUnavailableException("The silo was lost.");
        _host.Grid["w"].Report(1, 10);
        await Eventually.IsTrueAsync(() => _host.Grid.Faulted > 0);
    }
}
