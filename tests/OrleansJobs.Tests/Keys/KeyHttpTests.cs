using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Tests.Gateway;

namespace OrleansJobs.Tests.Keys;

/// <summary>Keys over HTTP and from C#, on a grid that runs jobs.</summary>
public sealed class KeyHttpTests(GridHost grid) : IClassFixture<GridHost>
{
    private IJobClient Jobs => grid.Services.GetRequiredService<IJobClient>();

    [Fact]
    public async Task ARule_HoldsAJobBack_WhichSaysWhy()
    {
        await PutAsync("one", """{"concurrency":1}""");
        var first = await SubmitAsync("""{"type":"longtask","args":{"steps":1000,"stepMs":50},"key":"one/7"}""");
        await StateAsync(first, "PROGRESS");
        var second = await SubmitAsync("""{"type":"wordcount","args":{"text":"a"},"key":"one/7"}""");
        var other = await SubmitAsync("""{"type":"wordcount","args":{"text":"a"},"key":"one/8"}""");
        await StateAsync(other, "SUCCESS");
        var held = await JobAsync(second);
        Assert.Equal(("PENDING", "one/7"), (held.Text("state"), held.Text("key")));
        var wait = Assert.Single(held.GetProperty("waitingFor").EnumerateArray());
        Assert.Equal(("limit", "one/7", "concurrency", 1), (wait.Text("what"), wait.Text("key"), wait.Text("limit"), wait.GetProperty("position").GetInt32()));
        Assert.NotEqual(default, wait.GetProperty("since").GetDateTimeOffset());
        // A list says it as well, without the place, which is a look at the whole line.
        var listed = (await (await grid.Http.GetAsync("/jobs?state=PENDING&type=wordcount&limit=100")).JsonAsync()).GetProperty("jobs").EnumerateArray().Single(job => job.Text("id") == second);
        var said = Assert.Single(listed.GetProperty("waitingFor").EnumerateArray());
        Assert.Equal(("limit", "concurrency", false), (said.Text("what"), said.Text("limit"), said.TryGetProperty("position", out _)));
        var key = await (await grid.Http.GetAsync("/keys/one/7")).JsonAsync();
        Assert.Equal((1, 1, "one"), (key.GetProperty("running").GetInt32(), key.GetProperty("waiting").GetInt32(), key.Text("from")));
        var prefix = await (await grid.Http.GetAsync("/keys/one")).JsonAsync();
        Assert.Equal((1, 1), (prefix.GetProperty("running").GetInt32(), prefix.GetProperty("waiting").GetInt32()));
        Assert.Contains("one/7", (await (await grid.Http.GetAsync("/keys?prefix=one")).JsonAsync()).GetProperty("keys").EnumerateArray().Select(one => one.Text("key")));

        // An exception for the key lets it start at once.
        await PutAsync("one/7", """{"concurrency":2}""");
        await StateAsync(second, "SUCCESS");
        Assert.Equal(HttpStatusCode.NoContent, (await grid.Http.DeleteAsync("/keys/one/7")).StatusCode);
        Assert.Equal("key-not-found", await (await grid.Http.DeleteAsync("/keys/one/7")).ProblemAsync());
        await grid.Http.PostAsync($"/jobs/{first}/cancel", null);
    }

    [Fact]
    public async Task APausedKey_StartsNothing_UntilItIsResumed()
    {
        Assert.Equal("by hand", (await (await grid.Http.PostJsonAsync("/keys/held/pause", """{"reason":"by hand"}""")).JsonAsync()).GetProperty("paused").Text("reason"));
        var id = await SubmitAsync("""{"type":"wordcount","args":{"text":"a"},"key":"held/x"}""");
        Assert.Equal("paused", (await JobAsync(id)).GetProperty("waitingFor")[0].Text("limit"));
        Assert.False((await (await grid.Http.PostAsync("/keys/held/resume", null)).JsonAsync()).TryGetProperty("paused", out _));
        await StateAsync(id, "SUCCESS");
    }

    [Fact]
    public async Task AnIdOfOnesOwn_WithAKey_IsRefused_AndAnIdempotencyKeyHoldsWithinOneKey()
    {
        foreach (var more in (string[])["\"key\":\"a/1\"", "\"unique\":true"])
        {
            var refused = await grid.Http.PostJsonAsync("/jobs", $$"""{"type":"wordcount","args":{"text":"a"},"id":"mine",{{more}}}""");
            Assert.Equal((HttpStatusCode.UnprocessableEntity, "invalid-member"), (refused.StatusCode, await refused.ProblemAsync()));
        }

        const string Body = """{"type":"wordcount","args":{"text":"a"},"key":"a/1"}""";
        var first = await SubmitAsync(Body, ("Idempotency-Key", "once"));
        Assert.Equal(first, await SubmitAsync(Body, ("Idempotency-Key", "once")));
        Assert.NotEqual(first, await SubmitAsync(Body.Replace("a/1", "a/2", StringComparison.Ordinal), ("Idempotency-Key", "once")));
        Assert.Equal("idempotency-key-reused", await (await grid.Http.PostJsonAsync("/jobs", Body.Replace("\"a\"}", "\"b\"}", StringComparison.Ordinal), ("Idempotency-Key", "once"))).ProblemAsync());
    }

    [Fact]
    public async Task AUniqueJob_IsReturned_OrRefused_AndItsResultIsShared()
    {
        const string Body = """{"type":"wordcount","args":{"text":"to be"},"unique":{"value":"shared","seconds":60},"countdown":0}""";
        var first = await grid.Http.PostJsonAsync("/jobs?wait=20", Body);
        var id = (await first.JsonAsync()).Text("id");
        Assert.Null(first.Header("Coalesced"));
        await StateAsync(id, "SUCCESS");
        var second = await grid.Http.PostJsonAsync("/jobs", Body);
        var shared = await second.JsonAsync();
        Assert.Equal(("true", id, "SUCCESS"), (second.Header("Coalesced"), shared.Text("id"), shared.Text("state")));
        Assert.True(shared.TryGetProperty("result", out _));
        var refused = await grid.Http.PostJsonAsync("/jobs", Body.Replace("\"seconds\":60", "\"on\":\"reject\"", StringComparison.Ordinal));
        Assert.Equal((HttpStatusCode.Conflict, "not-unique"), (refused.StatusCode, await refused.ProblemAsync()));

        var batch = await (await grid.Http.PostJsonAsync("/jobs:batch", $"[{Body},{Body}]")).JsonAsync();
        Assert.All(batch.GetProperty("items").EnumerateArray(), item => Assert.True(item.GetProperty("coalesced").GetBoolean()));
    }

    [Fact]
    public async Task TheLastOfManyUpdates_TakesTheOthersPlaces_AndOneThatHasEndedIsFree()
    {
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
            ids.Add(await SubmitAsync($$"""{"type":"wordcount","args":{"text":"update {{i}}"},"key":"doc/1","countdown":3600,"unique":{"value":"doc","on":"debounce","longest":7200} }"""));
        Assert.Equal(5, ids.Distinct().Count());
        foreach (var id in ids[..4]) Assert.Equal("REVOKED", (await JobAsync(id)).Text("state"));
        Assert.Equal("PENDING", (await JobAsync(ids[4])).Text("state"));
        await grid.Http.PostAsync($"/jobs/{ids[4]}/cancel", null);
        Assert.DoesNotContain(await SubmitAsync("""{"type":"wordcount","args":{"text":"x"},"key":"doc/1","unique":{"value":"doc"}}"""), ids);
        // One that was replaced runs again only where the value is free.
        var retried = await grid.Http.PostAsync($"/jobs/{ids[0]}/retry", null);
        Assert.True(retried.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.Accepted or HttpStatusCode.OK, $"{retried.StatusCode}");
    }

    [Fact]
    public async Task ManySubmitsOfOneValue_AtOnce_MakeOneJob()
    {
        var options = new SubmitOptions { Unique = new() { Value = "race" }, Countdown = TimeSpan.FromHours(1) };
        var handles = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Jobs.SubmitAsync("wordcount", new { text = $"{i}" }, options)));
        Assert.Single(handles.Select(handle => handle.Id).Distinct());
        Assert.Single(handles, handle => handle.Receipt!.Outcome == SubmitOutcome.Accepted);
        await Assert.ThrowsAsync<JobNotUniqueException>(() => Jobs.SubmitAsync("wordcount", new { text = "x" }, options with { Unique = new() { Value = "race", On = UniqueOn.Reject } }));
        await handles[0].CancelAsync();
    }

    [Fact]
    public async Task ARateThatRefuses_IsAnsweredWith429()
    {
        await PutAsync("api", """{"rate":{"limit":1,"per":3600,"burst":2,"on":"reject"}}""");
        const string Body = """{"type":"wordcount","args":{"text":"a"},"key":"api/x"}""";
        await SubmitAsync(Body);
        await SubmitAsync(Body);
        var refused = await grid.Http.PostJsonAsync("/jobs", Body);
        Assert.Equal((HttpStatusCode.TooManyRequests, "key-rate"), (refused.StatusCode, await refused.ProblemAsync()));
        Assert.InRange(int.Parse(refused.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture), 3500, 3600);
        var key = await Jobs.Keys.GetAsync("api/x");
        Assert.Equal((0L, "api"), (key.Left, key.From));
        await Assert.ThrowsAsync<KeyRateExceededException>(() => Jobs.SubmitAsync("wordcount", new { text = "a" }, new() { Key = "api/x" }));
    }

    [Theory]
    [InlineData("""{"concurrency":0}""", "/concurrency")]
    [InlineData("""{"rate":{"limit":1}}""", "/rate/per")]
    [InlineData("""{"rate":{"limit":0,"per":1}}""", "/rate/limit")]
    [InlineData("""{"order":"lifo"}""", "/order")]
    [InlineData("""{"weight":1001}""", "/weight")]
    [InlineData("""{"colour":1}""", "/colour")]
    [InlineData("""{"concurrency":1,"concurrency":2}""", "/concurrency")]
    public async Task AWrongRule_IsRefused_WithItsPlace(string rule, string pointer)
    {
        var refused = await grid.Http.SendJsonAsync(HttpMethod.Put, "/keys/wrong", rule);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Equal(pointer, (await refused.JsonAsync()).GetProperty("errors")[0].Text("pointer"));
    }

    [Theory]
    [InlineData("\"key\":\"a/b/c\"", "/key")]
    [InlineData("\"key\":\"\"", "/key")]
    [InlineData("\"key\":7", "/key")]
    [InlineData("\"weight\":0,\"key\":\"a/b\"", "/weight")]
    [InlineData("\"weight\":2", "/weight")]
    [InlineData("\"unique\":7", "/unique")]
    [InlineData("\"unique\":{\"on\":\"debounce\"}", "/unique/on")]
    [InlineData("\"unique\":{\"until\":\"never\"}", "/unique/until")]
    [InlineData("\"unique\":{\"longest\":5}", "/unique/longest")]
    [InlineData("\"unique\":{\"seconds\":0}", "/unique/seconds")]
    [InlineData("\"unique\":{\"value\":\"\"}", "/unique/value")]
    [InlineData("\"unique\":{\"if\":1}", "/unique/if")]
    public async Task AWrongSubmit_IsRefused_WithItsPlace(string member, string pointer)
    {
        var refused = await grid.Http.PostJsonAsync("/jobs", $$"""{"type":"wordcount","args":{"text":"a"},{{member}}}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        Assert.Equal(pointer, (await refused.JsonAsync()).GetProperty("errors")[0].Text("pointer"));
    }

    private async Task PutAsync(string name, string rule) => Assert.True((await grid.Http.SendJsonAsync(HttpMethod.Put, $"/keys/{name}", rule)).IsSuccessStatusCode);

    private async Task<string> SubmitAsync(string body, params (string Name, string Value)[] headers)
    {
        var answer = await grid.Http.PostJsonAsync("/jobs", body, headers);
        var json = await answer.JsonAsync();
        Assert.True(answer.IsSuccessStatusCode, json.GetRawText());
        return json.Text("id");
    }

    private async Task<JsonElement> JobAsync(string id) => await (await grid.Http.GetAsync($"/jobs/{id}")).JsonAsync();

    private Task<JsonElement> StateAsync(string id, string state) => Eventually.AnswersAsync(() => JobAsync(id), job => job.Text("state") == state);
}
