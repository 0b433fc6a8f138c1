using System.Net;
using System.Text.Json;
using OrleansJobs.Tests.Gateway;

namespace OrleansJobs.Tests.Logs;

/// <summary>Logs over HTTP on a whole grid: what a worker outside has logged, read by page and live; and where failures came from, and when what happened.</summary>
public sealed class LogRouteTests(GridHost grid) : IClassFixture<GridHost>
{
    private readonly string _type = $"t{Guid.NewGuid():N}";
    private int _sequence = 1;
    private string _session = "";

    [Fact]
    public async Task LinesOfAWorker_AreReadWhileItRuns_AndTheLastComeWithItsReport()
    {
        var (id, token) = await LeaseAsync();
        Assert.Empty((await LogAsync(id)).GetProperty("lines").EnumerateArray());
        await WorkAsync($$"""
            "holds":[{"id":"{{id}}","token":"{{token}}"}],
            "logs":[{"id":"{{id}}","token":"{{token}}","from":1,"lines":[{"text":"one","at":"2026-01-31T12:00:00.125Z"},{"text":"two","level":"warning","error":{"type":"ValueError","message":"bad"} } ] }]
            """);
        var running = await (await grid.Http.GetAsync($"/jobs/{id}/logs?after=0&wait=20")).JsonAsync();
        Assert.Equal(["one", "two"], Texts(running));
        Assert.Equal((2, false), (running.GetProperty("next").GetInt32(), running.GetProperty("over").GetBoolean()));
        var second = running.GetProperty("lines")[1];
        Assert.Equal(("warning", "ValueError", "bad", 1), (second.Text("level"), second.GetProperty("error").Text("type"), second.GetProperty("error").Text("message"), second.GetProperty("attempt").GetInt32()));
        Assert.Equal("2026-01-31T12:00:00.125Z", running.GetProperty("lines")[0].Text("at"));
        // Whoever watches the job is told that there is a log.
        await Eventually.AnswersAsync(async () => await (await grid.Http.GetAsync($"/jobs/{id}")).JsonAsync(), job => job.TryGetProperty("logs", out _));

        using var stream = await EventStream.OpenAsync(grid.Http, $"/jobs/{id}/logs", ("Accept", "text/event-stream"));
        Assert.Equal("1", (await stream.NextAsync())!.Id);
        Assert.Equal("2", (await stream.NextAsync())!.Id);
        // What was heard comes again, since its answer may have been lost.
        await WorkAsync($$"""
            "reports":[{"id":"{{id}}","token":"{{token}}","outcome":"failure","final":true,"error":{"type":"ValueError","message":"bad","trace":"at resize (pictures.py:17)\nat main (app.py:3)"},
             "logs":{"from":2,"lines":[{"text":"two"},{"text":"three","level":"error"}] } }]
            """);
        // It is stored together with the outcome: with the answer it is there.
        var end = await LogAsync(id);
        Assert.Equal(["one", "two", "three"], Texts(end));
        Assert.True(end.GetProperty("over").GetBoolean());
        var third = (await stream.NextAsync())!;
        Assert.Equal(("3", "three"), (third.Id, third.Job.Text("text")));
        Assert.Equal("end", (await stream.NextAsync())!.Event);
        Assert.Null(await stream.NextAsync());
        using var over = await grid.Http.GetAsync($"/jobs/{id}/logs", ("Accept", "text/event-stream"), ("Last-Event-ID", "3"));
        Assert.Equal(HttpStatusCode.NoContent, over.StatusCode);
        Assert.Equal(["three"], Texts(await LogAsync(id, "?limit=1")));
        Assert.Equal(["two"], Texts(await LogAsync(id, "?after=1&limit=1")));

        var error = (await (await grid.Http.GetAsync($"/jobs/{id}")).JsonAsync()).GetProperty("error");
        Assert.Equal("ValueError at resize < main", error.Text("place"));
        Assert.StartsWith("at resize", error.Text("trace"), StringComparison.Ordinal);
        var listed = (await (await grid.Http.GetAsync($"/jobs?type={_type}&state=FAILURE")).JsonAsync()).GetProperty("jobs")[0].GetProperty("error");
        Assert.Equal(("ValueError at resize < main", false), (listed.Text("place"), listed.TryGetProperty("trace", out _)));

        using var deleted = await grid.Http.DeleteAsync($"/jobs/{id}");
        using var gone = await grid.Http.GetAsync($"/jobs/{id}/logs");
        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NotFound), (deleted.StatusCode, gone.StatusCode));
    }

    [Fact]
    public async Task AFailureOfAHandler_SaysWhere_AndOnceOnlyWithItsTrace()
    {
        using var accepted = await grid.Http.PostJsonAsync("/jobs", """{"type":"longtask","args":{"steps":1,"stepMs":-1},"attempts":2}""");
        var id = (await accepted.JsonAsync()).Text("id");
        var job = await (await grid.Http.GetAsync($"/jobs/{id}", ("Prefer", "wait=20"))).JsonAsync();
        Assert.Equal("FAILURE", job.Text("state"));
        var error = job.GetProperty("error");
        Assert.Contains("LongTaskJob.RunAsync", error.Text("place"), StringComparison.Ordinal);
        Assert.Contains("LongTaskJob.RunAsync", error.Text("trace"), StringComparison.Ordinal);
        Assert.NotEmpty(error.Text("release"));
        var first = job.GetProperty("attempts")[0].GetProperty("error");
        Assert.Equal((error.Text("place"), false), (first.Text("place"), first.TryGetProperty("trace", out _)));

        var timeline = await (await grid.Http.GetAsync($"/jobs/{id}/timeline")).JsonAsync();
        var entries = timeline.GetProperty("entries").EnumerateArray().Where(entry => entry.Text("what") != "waited").Select(entry => entry.Text("what")).ToArray();
        Assert.Equal(["accepted", "started", "failed", "ended"], entries);
    }

    [Fact]
    public async Task ProgressIsInTheTimeline()
    {
        using var accepted = await grid.Http.PostJsonAsync("/jobs", """{"type":"longtask","args":{"steps":2,"stepMs":1}}""");
        var id = (await accepted.JsonAsync()).Text("id");
        await grid.Http.GetAsync($"/jobs/{id}", ("Prefer", "wait=20"));
        var timeline = await (await grid.Http.GetAsync($"/jobs/{id}/timeline")).JsonAsync();
        Assert.Contains("reported", timeline.GetProperty("entries").EnumerateArray().Select(entry => entry.Text("what")));
    }

    private static string[] Texts(JsonElement page) => [.. page.GetProperty("lines").EnumerateArray().Select(line => line.Text("text"))];

    private async Task<JsonElement> LogAsync(string id, string query = "") => await (await grid.Http.GetAsync($"/jobs/{id}/logs{query}")).JsonAsync();

    private async Task<(string Id, string Token)> LeaseAsync()
    {
        using var opened = await grid.Http.PostJsonAsync("/work", $$"""{"seq":1,"types":[{"name":"{{_type}}"}]}""");
        _session = (await opened.JsonAsync()).Text("session");
        using var accepted = await grid.Http.PostJsonAsync("/jobs", $$"""{"type":"{{_type}}"}""");
        var id = (await accepted.JsonAsync()).Text("id");
        var lease = (await WorkAsync($$""" "types":["{{_type}}"],"want":1,"wait":10 """)).GetProperty("leases")[0];
        Assert.Equal(id, lease.Text("id"));
        return (id, lease.Text("token"));
    }

    private async Task<JsonElement> WorkAsync(string members)
    {
        using var answer = await grid.Http.PostJsonAsync("/work", $$"""{"session":"{{_session}}","seq":{{++_sequence}},{{members}}}""");
        var json = await answer.JsonAsync();
        Assert.True(answer.StatusCode is HttpStatusCode.OK, json.GetRawText());
        return json;
    }
}
