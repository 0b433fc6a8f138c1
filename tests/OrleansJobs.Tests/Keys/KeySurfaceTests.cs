using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Tests.Gateway;

namespace OrleansJobs.Tests.Keys;

/// <summary>Keys of types, schedules and flows over HTTP, and from C# where that differs.</summary>
public sealed class KeySurfaceTests : IAsyncLifetime
{
    private readonly GridHost _grid = new();

    private IJobClient Jobs => _grid.Services.GetRequiredService<IJobClient>();

    public Task InitializeAsync() => _grid.StartAsync([], jobs => jobs.AddJob<InvoiceJob>());

    public Task DisposeAsync() => _grid.DisposeAsync();

    [Fact]
    public async Task AType_MakesTheKeyOfItsArguments_AndWhatIsGivenWins()
    {
        var type = (await (await _grid.Http.GetAsync("/job-types")).JsonAsync()).EnumerateArray().Single(one => one.Text("name") == "invoice");
        Assert.Equal(("tenant/{tenantId}", 5), (type.Text("key"), type.GetProperty("weight").GetInt32()));
        Assert.Equal("tenant/7", await KeyOfAsync("""{"type":"invoice","args":{"tenantId":7,"text":"a"}}"""));
        Assert.Equal("other/x", await KeyOfAsync("""{"type":"invoice","args":{"tenantId":7,"text":"a"},"key":"other/x"}"""));
        var batch = await (await _grid.Http.PostJsonAsync("/jobs:batch", """[{"type":"invoice","args":{"tenantId":1,"text":"a"}},{"type":"invoice","args":{"tenantId":"no","text":"a"}}]""")).JsonAsync();
        Assert.Equal("tenant/1", batch.GetProperty("items")[0].GetProperty("job").Text("key"));
        Assert.False(batch.GetProperty("items")[1].TryGetProperty("job", out _));
        // An idempotency key holds within the key that is made.
        const string Body = """{"type":"invoice","args":{"tenantId":8,"text":"a"}}""";
        var (first, again) = (await IdOfAsync(Body, ("Idempotency-Key", "k")), await IdOfAsync(Body, ("Idempotency-Key", "k")));
        Assert.Equal(first, again);
        Assert.NotEqual(first, await IdOfAsync(Body.Replace("8", "9", StringComparison.Ordinal), ("Idempotency-Key", "k")));
    }

    [Theory]
    [InlineData("""{"type":"invoice","args":{"tenantId":7,"text":"a"},"id":"mine"}""", "invalid-member", "/id")]
    [InlineData("""{"type":"invoice","args":{"text":"a"}}""", "invalid-args", "/args")]
    [InlineData("""{"type":"invoice","args":{"tenantId":7,"text":"a"},"weight":0}""", "invalid-member", "/weight")]
    public async Task WhatCannotBe_IsRefused(string body, string problem, string pointer)
    {
        var refused = await _grid.Http.PostJsonAsync("/jobs", body);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.StatusCode);
        var json = await refused.JsonAsync();
        Assert.EndsWith(problem, json.Text("type"), StringComparison.Ordinal);
        Assert.StartsWith(pointer, json.GetProperty("errors")[0].Text("pointer"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FromCSharp_TheSameHolds()
    {
        Assert.Equal("tenant/3", (await (await Jobs.SubmitAsync("invoice", new Invoice(3, "a"))).GetStatusAsync()).Key);
        Assert.Equal("tenant/4", (await (await Jobs.SubmitAsync<InvoiceJob, Invoice, int>(new(4, "a"))).GetStatusAsync()).Key);
        Assert.Equal("tenant/5", (await (await Jobs.SubmitAsync(new JobType<Invoice, int>("invoice", "default"), new(5, "a"))).GetStatusAsync()).Key);
        Assert.Equal("x", (await (await Jobs.SubmitAsync<InvoiceJob, Invoice, int>(new(4, "a"), new() { Key = "x" })).GetStatusAsync()).Key);
        var many = await Jobs.SubmitManyAsync("invoice", [new Invoice(1, "a"), new Invoice(2, "b")]);
        Assert.All(many, receipt => Assert.Equal((SubmitOutcome.Accepted, null), (receipt.Outcome, receipt.Status)));
        Assert.Equal("tenant/1", (await Jobs.Get(many[0].Id).GetStatusAsync()).Key);
        Assert.Equal("tenant/2", (await Jobs.Get(many[1].Id).GetStatusAsync()).Key);
        var own = await Assert.ThrowsAsync<JobRejectedException>(() => Jobs.SubmitAsync("invoice", new Invoice(3, "a"), new() { Id = "mine" }));
        Assert.Equal("/id", Assert.Single(own.Problems).Pointer);
        var missing = await Assert.ThrowsAsync<JobRejectedException>(() => Jobs.SubmitAsync("invoice", new { text = "a" }));
        Assert.Equal("/args/tenantId", Assert.Single(missing.Problems).Pointer);
    }

    [Fact]
    public async Task ATypeThatRunsOutside_MayAnnounceAKey()
    {
        var put = await _grid.Http.SendJsonAsync(HttpMethod.Put, "/job-types/outside-keyed", """{"key":"out/{who}","weight":2,"schema":{"type":"object","properties":{"who":{"type":"string"}}}}""");
        Assert.True(put.IsSuccessStatusCode, await put.Content.ReadAsStringAsync());
        Assert.Equal("out/me", await KeyOfAsync("""{"type":"outside-keyed","args":{"who":"me"}}"""));
        foreach (var wrong in (string[])["""{"key":"{who}"}""", """{"key":"out/{whom}","schema":{"type":"object","properties":{"who":{"type":"string"}}}}""", """{"weight":0}"""])
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await _grid.Http.SendJsonAsync(HttpMethod.Put, "/job-types/outside-wrong", wrong)).StatusCode);
    }

    [Fact]
    public async Task ASchedule_HasAKey_OrThatOfItsType()
    {
        var put = await _grid.Http.SendJsonAsync(HttpMethod.Put, "/schedules/keyed", """{"type":"wordcount","args":{"text":"a"},"cron":"0 3 1 1 *","key":"sched/1","weight":3}""");
        var made = await put.JsonAsync();
        Assert.Equal(("sched/1", 3), (made.Text("key"), made.GetProperty("weight").GetInt32()));
        var job = (await (await _grid.Http.PostAsync("/schedules/keyed/trigger", null)).JsonAsync()).Text("job");
        Assert.Equal("sched/1", (await StateAsync(job, "SUCCESS")).Text("key"));
        var typed = await (await _grid.Http.SendJsonAsync(HttpMethod.Put, "/schedules/typed", """{"type":"invoice","args":{"tenantId":2,"text":"a"},"cron":"0 3 1 1 *"}""")).JsonAsync();
        Assert.Equal(("tenant/2", 5), (typed.Text("key"), typed.GetProperty("weight").GetInt32()));
        foreach (var (more, pointer) in ((string, string)[])[("\"unique\":true", "/unique"), ("\"key\":\"a b\"", "/key"), ("\"weight\":2", "/weight"), ("\"key\":\"a\",\"weight\":1001", "/weight")])
        {
            var refused = await _grid.Http.SendJsonAsync(HttpMethod.Put, "/schedules/wrong", $$"""{"type":"wordcount","args":{"text":"a"},"cron":"0 3 1 1 *",{{more}}}""");
            Assert.Equal(pointer, (await refused.JsonAsync()).GetProperty("errors")[0].Text("pointer"));
        }
    }

    [Fact]
    public async Task AFlow_NamesTheKeysOfItsJobs_AndIsShownWithThemWhereverTheyAre()
    {
        await _grid.Http.PostAsync("/keys/shown/pause", null);
        var flow = await (await _grid.Http.PostJsonAsync("/flows", """
            {"jobs":[
              {"name":"a","type":"wordcount","args":{"text":"one two"},"key":"shown/a"},
              {"name":"b","type":"invoice","args":{"tenantId":3,"text":"x"}},
              {"name":"c","type":"invoice","args":{"tenantId":{"$ref":"b.result"},"text":"x"},"keyWeight":2}]}
            """)).JsonAsync();
        var id = flow.Text("id");
        var shown = await Eventually.AnswersAsync(async () => await (await _grid.Http.GetAsync($"/flows/{id}")).JsonAsync(), shown => Job(shown, "c").Text("state") == "SUCCESS");
        Assert.Equal("limit", Job(shown, "a").GetProperty("waitingFor")[0].Text("what"));
        Assert.Equal("shown/a", Job(shown, "a").GetProperty("waitingFor")[0].Text("key"));
        await _grid.Http.PostAsync("/keys/shown/resume", null);
        await StateAsync(id, "SUCCESS");
        foreach (var (job, pointer) in ((string, string)[])[
            ("""{"name":"a","type":"wordcount","args":{"text":"x"},"unique":true}""", "/jobs/0/unique"),
            ("""{"name":"a","type":"wordcount","args":{"text":"x"},"key":"{text}"}""", "/jobs/0/key"),
            ("""{"name":"a","type":"wordcount","args":{"text":"a b"},"key":"x/{text}"}""", "/jobs/0/args/text"),
            ("""{"name":"a","type":"wordcount","args":{"text":"x"},"key":"x","keyWeight":0}""", "/jobs/0/keyWeight")])
        {
            var refused = await _grid.Http.PostJsonAsync("/flows", $$"""{"jobs":[{{job}}]}""");
            Assert.Equal(pointer, (await refused.JsonAsync()).GetProperty("errors")[0].Text("pointer"));
        }
    }

    private static JsonElement Job(JsonElement flow, string name) => flow.GetProperty("jobs").EnumerateArray().Single(job => job.Text("name") == name);

    private async Task<string> IdOfAsync(string body, params (string, string)[] headers) => (await (await _grid.Http.PostJsonAsync("/jobs", body, headers)).JsonAsync()).Text("id");

    private async Task<string?> KeyOfAsync(string body) => (await (await _grid.Http.GetAsync($"/jobs/{await IdOfAsync(body)}")).JsonAsync()).Text("key");

    private Task<JsonElement> StateAsync(string id, string state) =>
        Eventually.AnswersAsync(async () => await (await _grid.Http.GetAsync($"/jobs/{id}")).JsonAsync(), job => job.TryGetProperty("state", out var found) && found.GetString() == state);

    public sealed record Invoice(int TenantId, string Text);

    [Job("invoice", Key = "tenant/{tenantId}", Weight = 5)]
    private sealed class InvoiceJob : IJob<Invoice, int>
    {
        public Task<int> RunAsync(Invoice args, JobContext job, CancellationToken cancellation) => Task.FromResult(args.TenantId);
    }
}
