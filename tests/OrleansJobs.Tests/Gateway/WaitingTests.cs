using System.Net;
using System.Text.Json;

namespace OrleansJobs.Tests.Gateway;

/// <summary><c>waitingFor</c>: what the partition says, and what the gateway knows better.</summary>
public sealed class WaitingTests : IAsyncLifetime
{
    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task EachReason_IsSaidInItsOwnWords()
    {
        var until = DateTimeOffset.UnixEpoch.AddDays(1);
        Add("a", new(WaitReasons.Job) { Name = "other" }, new(WaitReasons.Children) { Name = "pack", Done = 3, Of = 10 }, new(WaitReasons.Signal) { Name = "approved", Until = until },
            new(WaitReasons.Time) { Until = until }, new(WaitReasons.Retry) { Until = until });
        Assert.Equal("""[{"what":"job","id":"other"},{"what":"children","name":"pack","done":3,"of":10},{"what":"signal","name":"approved","until":"1970-01-02T00:00:00Z"},{"what":"time","until":"1970-01-02T00:00:00Z"},{"what":"retry","until":"1970-01-02T00:00:00Z"}]""",
            await WaitingForAsync("a"));
    }

    [Fact]
    public async Task AJobThatWaitsForNothing_DoesNotSaySo()
    {
        Add("a");
        Assert.False((await (await _host.Http.GetAsync("/jobs/a")).JsonAsync()).TryGetProperty("waitingFor", out _));
    }

    [Fact]
    public async Task ASlot_IsAPausedQueue_OrAHandlerThatIsNotThere()
    {
        _host.Grid.Types.Clear();
        _host.Grid.Types.Add(new() { Name = "longtask", Silos = 1 });
        _host.Grid.Types.Add(new() { Name = "gone", Silos = 0 });
        Add("a", new WaitReason(WaitReasons.Slot));
        _host.Grid.Add(new() { Id = "b", Type = "gone", Queue = "default", Phase = JobPhase.Waiting, Version = 1, WaitingFor = [new(WaitReasons.Slot)] });
        Assert.Equal("""[{"what":"slot"}]""", await WaitingForAsync("a"));
        Assert.Equal("""[{"what":"handler","type":"gone"}]""", await WaitingForAsync("b"));

        var slot = (await _host.Http.GetAsync("/jobs/a")).Headers.ETag!.Tag;
        await _host.Http.PostJsonAsync("/queues/default/pause", "{}");
        // The job's version knows nothing of its queue.
        var paused = await _host.Http.GetAsync("/jobs/a", ("If-None-Match", slot));
        Assert.Equal(HttpStatusCode.OK, paused.StatusCode);
        Assert.Equal("""[{"what":"queue","paused":true}]""", (await paused.JsonAsync()).GetProperty("waitingFor").GetRawText());
        Assert.Equal("""[{"what":"queue","paused":true}]""", (await (await _host.Http.GetAsync("/jobs?type=longtask")).JsonAsync()).GetProperty("jobs")[0].GetProperty("waitingFor").GetRawText());
        Assert.Equal(HttpStatusCode.NotModified, (await _host.Http.GetAsync("/jobs/a", ("If-None-Match", paused.Headers.ETag!.Tag))).StatusCode);

        await _host.Http.PostJsonAsync("/queues/default/resume", "{}");
        Assert.Equal("""[{"what":"slot"}]""", await WaitingForAsync("a"));
    }

    [Fact]
    public async Task Events_SayItToo_AndParentAndFlow()
    {
        _host.Grid.Add(new() { Id = "a", Type = "longtask", Queue = "default", Phase = JobPhase.Waiting, Version = 1, WaitingFor = [new(WaitReasons.Signal) { Name = "go" }], Parent = "p", IsFlow = true });
        using var stream = await _host.Http.GetStreamAsync("/jobs/a/events");
        using var reader = new StreamReader(stream);
        string? line;
        do line = await reader.ReadLineAsync();
        while (line?.StartsWith("data: ", StringComparison.Ordinal) == false);
        var json = JsonElement.Parse(line!["data: ".Length..]);
        Assert.Equal("""[{"what":"signal","name":"go"}]""", json.GetProperty("waitingFor").GetRawText());
        Assert.Equal("p", json.Text("parent"));
        Assert.True(json.GetProperty("flow").GetBoolean());
    }

    [Fact]
    public async Task TheGridsOwnQueues_AreNotPaused() =>
        Assert.Equal((HttpStatusCode.Forbidden, "forbidden"), await AnswerAsync(_host.Http.PostJsonAsync("/queues/oj-flows/pause", "{}")));

    [Fact]
    public async Task Parent_IsAFilter()
    {
        _host.Grid.Add(new() { Id = "child", Type = "longtask", Queue = "default", Parent = "p" });
        _host.Grid.Add(new() { Id = "other", Type = "longtask", Queue = "default" });
        Assert.Equal(["child"], (await (await _host.Http.GetAsync("/jobs?parent=p")).JsonAsync()).GetProperty("jobs").EnumerateArray().Select(job => job.Text("id")));
        Assert.Equal((HttpStatusCode.BadRequest, "invalid-query"), await AnswerAsync(_host.Http.GetAsync("/jobs?parent=a%20b")));
    }

    private static async Task<(HttpStatusCode, string)> AnswerAsync(Task<HttpResponseMessage> request)
    {
        var answer = await request;
        return (answer.StatusCode, await answer.ProblemAsync());
    }

    private void Add(string id, params WaitReason[] reasons) =>
        _host.Grid.Add(new() { Id = id, Type = "longtask", Queue = "default", Phase = JobPhase.Waiting, Version = 1, WaitingFor = reasons });

    private async Task<string> WaitingForAsync(string id) => (await (await _host.Http.GetAsync("/jobs/" + id)).JsonAsync()).GetProperty("waitingFor").GetRawText();
}
