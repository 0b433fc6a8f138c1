using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace OrleansJobs.Tests.Gateway;

/// <summary>What a real grid refuses of schedules, over HTTP: lost edits, changes of what code declares, ranges that are none, and more than may be open.</summary>
public sealed class ScheduleRefusalTests : IAsyncLifetime
{
    private readonly GridHost _host = new();

    public Task InitializeAsync() => _host.StartAsync([], jobs => jobs.AddSchedule("declared", schedule => schedule.Cron("0 3 1 1 *").Submit("longtask", new { steps = 1 })));

    public Task DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task AnEditOfAnOlderVersion_IsRefused()
    {
        using var made = await SendAsync("PUT", "/schedules/edited", """{"type":"longtask","cron":"0 3 1 1 *"}""", ("If-None-Match", "*"));
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        await RefusedAsync(412, "precondition-failed", "PUT", "/schedules/edited", """{"type":"longtask","cron":"0 4 1 1 *"}""", ("If-None-Match", "*"));
        var seen = made.Headers.ETag!.ToString();
        using var edited = await SendAsync("PUT", "/schedules/edited", """{"type":"longtask","cron":"0 4 1 1 *"}""", ("If-Match", seen));
        Assert.Equal(HttpStatusCode.OK, edited.StatusCode);
        foreach (var (method, path, body) in new[] { ("PUT", "", """{"type":"longtask","cron":"0 5 1 1 *"}"""), ("POST", "/pause", "{}"), ("POST", "/resume", ""), ("DELETE", "", "") })
        {
            var problem = await RefusedAsync(412, "precondition-failed", method, "/schedules/edited" + path, body, ("If-Match", seen));
            Assert.Contains(edited.Headers.ETag!.ToString().Trim('"'), problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal("0 4 1 1 *", (await GetAsync("edited")).GetProperty("cron").GetString());
        using var gone = await SendAsync("DELETE", "/schedules/edited", "", ("If-Match", edited.Headers.ETag!.ToString()));
        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
    }

    [Fact]
    public async Task OneThatWouldNeverCome_IsRefused_AndAnEditMayEndOne()
    {
        const string Ended = "{\"type\":\"longtask\",\"every\":3600,\"end\":\"2020-01-01T00:00:00Z\"}";
        var problem = await RefusedAsync(422, "invalid-member", "PUT", "/schedules/ended", Ended);
        Assert.Equal("/end", problem.GetProperty("errors")[0].GetProperty("pointer").GetString());
        await RefusedAsync(404, "schedule-not-found", "GET", "/schedules/ended", null);
        using var made = await SendAsync("PUT", "/schedules/ended", "{\"type\":\"longtask\",\"every\":3600}");
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        using var edited = await SendAsync("PUT", "/schedules/ended", Ended);
        Assert.Equal(HttpStatusCode.OK, edited.StatusCode);
        Assert.False((await GetAsync("ended")).TryGetProperty("nextAt", out _));
    }

    [Fact]
    public async Task WhatCodeDeclares_IsChangedThere_AndRemovedByItsApplicationsName()
    {
        using (var there = await Eventually.AnswersAsync(() => _host.Http.GetAsync("/schedules/declared"), answer => answer.IsSuccessStatusCode)) Assert.Equal(HttpStatusCode.OK, there.StatusCode);
        var application = (await GetAsync("declared")).GetProperty("application").GetString()!;
        var problem = await RefusedAsync(409, "schedule-declared", "PUT", "/schedules/declared", """{"type":"longtask","cron":"0 4 1 1 *"}""");
        Assert.Contains(application, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await RefusedAsync(409, "schedule-declared", "DELETE", "/schedules/declared", "");
        await RefusedAsync(409, "schedule-declared", "DELETE", "/schedules/declared?application=another", "");
        foreach (var (path, status) in new[] { ("pause", HttpStatusCode.OK), ("resume", HttpStatusCode.OK), ("trigger", HttpStatusCode.Accepted) })
        {
            using var answer = await SendAsync("POST", $"/schedules/declared/{path}", "");
            Assert.Equal(status, answer.StatusCode);
        }

        using var gone = await SendAsync("DELETE", $"/schedules/declared?application={Uri.EscapeDataString(application)}", "");
        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
        await RefusedAsync(404, "schedule-not-found", "GET", "/schedules/declared", null);
    }

    [Fact]
    public async Task ARangeThatIsNone_IsRefused_AndSoIsWhatIsTooMuch()
    {
        using (var paused = await SendAsync("POST", "/queues/held/pause", "{}")) Assert.Equal(HttpStatusCode.OK, paused.StatusCode);
        using (var made = await SendAsync("PUT", "/schedules/hourly", """{"type":"longtask","args":{"steps":1},"queue":"held","every":3600,"anchor":"2020-01-01T00:00:00Z"}"""))
            Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        const string Backfill = "/schedules/hourly/backfill";
        Assert.Contains("before it begins", await RangeAsync("2020-01-02T00:00:00Z", "2020-01-01T00:00:00Z"), StringComparison.Ordinal);
        Assert.Contains("in the future", await RangeAsync("2020-01-02T00:00:00Z", "2199-01-01T00:00:00Z"), StringComparison.Ordinal);
        // The answer says how far one gets at a time.
        Assert.Contains("the first 1000 end at 2020-02-11T15:00:00Z", await RangeAsync("2020-01-01T00:00:00Z", "2020-02-11T16:00:00Z"), StringComparison.Ordinal);
        using (var all = await SendAsync("POST", Backfill, """{"from":"2020-01-01T00:00:00Z","to":"2020-02-11T15:00:00Z"}"""))
        {
            Assert.Equal(HttpStatusCode.Accepted, all.StatusCode);
            Assert.Equal(1000, (await all.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("submitted").GetInt32());
        }

        // As many as one schedule may have open.
        foreach (var (path, body) in new[] { ("/schedules/hourly/trigger", ""), (Backfill, """{"from":"2020-03-01T00:00:00Z","to":"2020-03-01T00:00:00Z"}""") })
        {
            using var full = await SendAsync("POST", path, body);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (full.StatusCode, full.Headers.RetryAfter is not null));
            Assert.Contains("1000 have not", (await full.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        async Task<string> RangeAsync(string from, string to) =>
            (await RefusedAsync(422, "invalid-member", "POST", Backfill, $$"""{"from":"{{from}}","to":"{{to}}"}""")).GetProperty("errors")[0].GetProperty("detail").GetString()!;
    }

    private async Task<JsonElement> GetAsync(string id) => await _host.Http.GetFromJsonAsync<JsonElement>(new Uri($"/schedules/{id}", UriKind.Relative));

    private async Task<JsonElement> RefusedAsync(int status, string type, string method, string path, string? body, params (string Name, string Value)[] headers)
    {
        using var answer = await SendAsync(method, path, body, headers);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.EndsWith(type, problem.GetProperty("type").GetString(), StringComparison.Ordinal);
        return problem;
    }

    private Task<HttpResponseMessage> SendAsync(string method, string path, string? body, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (!string.IsNullOrEmpty(body)) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return _host.Http.SendAsync(request);
    }
}
