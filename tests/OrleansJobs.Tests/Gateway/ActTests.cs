using System.Net;
using System.Text.Json;
using OrleansJobs.Tests.Gateway.Guarding;

namespace OrleansJobs.Tests.Gateway;

/// <summary>Acting on many jobs over HTTP, on a real grid with keys.</summary>
public sealed class ActTests : IAsyncLifetime
{
    private readonly GridHost _grid = new();

    private static readonly string[] ManyQueues = [.. Enumerable.Range(0, 20).Select(i => $"q{i}")];

    public Task InitializeAsync() => _grid.StartAsync(new Dictionary<string, string?>()
        .With("blind", ["submit", "operate"]).With("many", ["submit", "read", "operate"], ManyQueues)
        .With("ops", ["submit", "read", "operate"]).With("reader", ["submit", "read"]).With("mail", ["submit", "read", "operate"], "mail"));

    public Task DisposeAsync() => _grid.DisposeAsync();

    [Fact]
    public async Task AnAction_IsAJob_WithProgressAndAResult()
    {
        await FailAsync("a", "mail", "1");
        await FailAsync("b", "mail", "1");
        await FailAsync("c", "mail", "2");
        using var answer = await PostAsync("""{"action":"retry","filter":{"state":"FAILURE","tag.customer":"1"},"reason":"mended"}""", "ops");
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var begun = await answer.JsonAsync();
        Assert.EndsWith($"/jobs/{begun.Text("id")}", answer.Header("Location"));
        var ended = await EndOfAsync(begun.Text("id")!);
        Assert.Equal("""{"done":2,"skipped":0,"failed":0,"failures":[]}""", ended.GetProperty("result").GetRawText());
        Assert.Equal(("oj-act", "2 done, 0 skipped, 0 failed"), (ended.Text("type"), ended.Text("status")));

        var change = (await EndOfAsync("a")).GetProperty("changes")[0];
        Assert.Equal(("retried", "ops", "mended", begun.Text("id")), (change.Text("what"), change.Text("by"), change.Text("reason"), change.Text("action")));
        Assert.False((await EndOfAsync("c")).TryGetProperty("changes", out _));
        var args = JsonDocument.Parse(await (await _grid.Http.GetAsync($"/jobs/{begun.Text("id")}/args", KeySettings.Bearer("ops"))).Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(("retry", "1", "ops"), (args.Text("action"), args.GetProperty("filter").Text("tag.customer"), args.Text("by")));
    }

    [Fact]
    public async Task ARequestThatIsSentAgain_FindsTheFirst()
    {
        await FailAsync("a", "mail", "1");
        const string order = """{"action":"delete","ids":["a"]}""";
        var (first, again) = (await PostAsync(order, "ops", ("Idempotency-Key", "k")), await PostAsync(order, "ops", ("Idempotency-Key", "k")));
        Assert.Equal((await first.JsonAsync()).Text("id"), (await again.JsonAsync()).Text("id"));
        Assert.Equal("true", again.Header("Idempotent-Replayed"));
        using var other = await PostAsync("""{"action":"delete","ids":["b"]}""", "ops", ("Idempotency-Key", "k"));
        Assert.Equal("idempotency-key-reused", await other.ProblemAsync());
    }

    [Fact]
    public async Task WhoeverIsGoodForSomeQueues_ActsOnThoseAlone()
    {
        await FailAsync("mine", "mail", "1");
        await FailAsync("theirs", "default", "1");
        // The one queue that it is good for is understood; another is refused.
        var all = await (await PostAsync("""{"action":"retry","filter":{"state":"FAILURE"}}""", "mail")).JsonAsync();
        Assert.Equal(1, (await EndOfAsync(all.Text("id")!, "mail")).GetProperty("result").GetProperty("done").GetInt32());
        using var other = await PostAsync("""{"action":"retry","filter":{"queue":"default"}}""", "mail");
        Assert.Equal("forbidden", await other.ProblemAsync());
        await EndOfAsync("mine");

        var ids = await (await PostAsync("""{"action":"delete","ids":["mine","theirs"]}""", "mail")).JsonAsync();
        var result = (await EndOfAsync(ids.Text("id")!, "mail")).GetProperty("result");
        Assert.Equal((1, 1), (result.GetProperty("done").GetInt32(), result.GetProperty("skipped").GetInt32()));
        Assert.Equal("FAILURE", (await EndOfAsync("theirs")).Text("state"));

        // What others do is theirs to see.
        var foreign = await (await PostAsync("""{"action":"retry","ids":["theirs"]}""", "ops")).JsonAsync();
        using var hidden = await _grid.Http.GetAsync($"/jobs/{foreign.Text("id")}", KeySettings.Bearer("mail"));
        Assert.Equal(HttpStatusCode.NotFound, hidden.StatusCode);
    }

    [Fact]
    public async Task WhoeverMayNotChangeOneJob_MayNotChangeMany()
    {
        using var answer = await PostAsync("""{"action":"retry","filter":{"state":"FAILURE"}}""", "reader");
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Theory]
    [InlineData("args", "\"steps\"")]
    [InlineData("error", "invalid")]
    public async Task WhoeverMayNotRead_DoesNotSearchWhatJobsSay(string member, string text)
    {
        await FailAsync("a", "mail", "1");
        var order = JsonSerializer.Serialize(new { action = "delete", filter = new Dictionary<string, string> { [member] = text }, dryRun = true });
        using var refused = await PostAsync(order, "blind");
        Assert.Equal((HttpStatusCode.Forbidden, "/filter/" + member), (refused.StatusCode, (await refused.JsonAsync()).GetProperty("errors")[0].Text("pointer")));
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync(order, "ops")).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync("""{"action":"retry","filter":{"state":"FAILURE"},"dryRun":true}""", "blind")).StatusCode);
    }

    [Fact]
    public async Task WhoeverMayNotRead_CopiesNothing()
    {
        await FailAsync("a", "mail", "1");
        Assert.Equal(HttpStatusCode.Forbidden, (await _grid.Http.PostJsonAsync("/jobs/a/copy", "{}", KeySettings.Bearer("blind"))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await _grid.Http.PostJsonAsync("/jobs/a/copy", "{}", KeySettings.Bearer("reader"))).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await _grid.Http.PostJsonAsync("/jobs/a/copy", "{}", KeySettings.Bearer("ops"))).StatusCode);
    }

    [Fact]
    public async Task AKeyOfVeryManyQueues_ActsByIds_OnJobsOfAsManyQueuesAsAJobHasTags()
    {
        await FailAsync("mine", "q3", "1");
        await FailAsync("theirs", "default", "1");
        const string order = """{"action":"delete","ids":["mine","theirs","nobodys"]}""";
        var begun = await (await PostAsync(order, "many", ("Idempotency-Key", "k"))).JsonAsync();
        var result = (await EndOfAsync(begun.Text("id")!, "many")).GetProperty("result");
        Assert.Equal((1, 2), (result.GetProperty("done").GetInt32(), result.GetProperty("skipped").GetInt32()));
        Assert.Equal("FAILURE", (await EndOfAsync("theirs")).Text("state"));
        // What it removed is gone when it is sent again, which is the same request all the same.
        using var again = await PostAsync(order, "many", ("Idempotency-Key", "k"));
        Assert.Equal((begun.Text("id"), "true"), ((await again.JsonAsync()).Text("id"), again.Header("Idempotent-Replayed")));

        foreach (var queue in ManyQueues) await SubmitAsync($"job-{queue}", queue);
        using var tooMany = await PostAsync(JsonSerializer.Serialize(new { action = "cancel", ids = ManyQueues.Select(queue => $"job-{queue}") }), "many");
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "/ids"), (tooMany.StatusCode, (await tooMany.JsonAsync()).GetProperty("errors")[0].Text("pointer")));
    }

    [Fact]
    public async Task ARetryByFilter_LeavesChildrenToTheirFlow()
    {
        const string flow = """{"id":"flow","jobs":[{"name":"a","type":"longtask","attempts":1,"args":{"steps":0}}]}""";
        Assert.Equal(HttpStatusCode.Accepted, (await _grid.Http.PostJsonAsync("/flows", flow, KeySettings.Bearer("ops"))).StatusCode);
        await EndOfAsync("flow");
        async Task<int> DoneAsync(string filter)
        {
            var begun = await (await PostAsync($$"""{"action":"retry","filter":{{filter}}}""", "ops")).JsonAsync();
            return (await EndOfAsync(begun.Text("id")!)).GetProperty("result").GetProperty("done").GetInt32();
        }

        Assert.Equal(0, await DoneAsync("""{"type":"longtask","state":"FAILURE"}"""));
        Assert.Equal(1, await DoneAsync("""{"parent":"flow","state":"FAILURE"}"""));
    }

    [Fact]
    public async Task ADryRun_CountsAndDoesNothing()
    {
        await FailAsync("a", "mail", "1");
        var counted = await (await PostAsync("""{"action":"delete","filter":{"queue":"mail"},"dryRun":true}""", "ops")).JsonAsync();
        var ended = await EndOfAsync(counted.Text("id")!);
        Assert.Equal((1, "1 fit"), (ended.GetProperty("result").GetProperty("done").GetInt32(), ended.Text("status")));
        Assert.False((await EndOfAsync("a")).TryGetProperty("changes", out _));
    }

    private async Task FailAsync(string id, string queue, string customer)
    {
        var job = $$"""{"type":"longtask","id":"{{id}}","queue":"{{queue}}","attempts":1,"args":{"steps":0},"tags":{"customer":"{{customer}}"} }""";
        Assert.Equal(HttpStatusCode.Accepted, (await _grid.Http.PostJsonAsync("/jobs", job, KeySettings.Bearer("ops"))).StatusCode);
        Assert.Equal("FAILURE", (await EndOfAsync(id)).Text("state"));
    }

    private async Task SubmitAsync(string id, string queue)
    {
        var job = $$"""{"type":"longtask","id":"{{id}}","queue":"{{queue}}","countdown":3600,"args":{"steps":1} }""";
        Assert.Equal(HttpStatusCode.Accepted, (await _grid.Http.PostJsonAsync("/jobs", job, KeySettings.Bearer("ops"))).StatusCode);
    }

    private Task<HttpResponseMessage> PostAsync(string order, string key, params (string, string)[] headers) => _grid.Http.PostJsonAsync("/jobs:act", order, [KeySettings.Bearer(key), .. headers]);

    private async Task<JsonElement> EndOfAsync(string id, string key = "ops") => await Eventually.AnswersAsync(
        async () => await (await _grid.Http.GetAsync($"/jobs/{id}", ("Prefer", "wait=20"), KeySettings.Bearer(key))).JsonAsync(), job => job.Text("state") is "SUCCESS" or "FAILURE" or "REVOKED");
}
