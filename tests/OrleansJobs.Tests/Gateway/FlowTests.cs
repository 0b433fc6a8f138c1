using System.Net;
using System.Text.Json;
using OrleansJobs.Flows;
using OrleansJobs.Tests.Gateway.Guarding;

namespace OrleansJobs.Tests.Gateway;

/// <summary><c>POST /flows</c> and <c>GET /flows/{id}</c>, over a grid that runs nothing.</summary>
public sealed class FlowTests : IAsyncLifetime
{
    private const string Graph = """
        {"jobs":[
          {"name":"split","type":"longtask","args":{"steps":3}},
          {"name":"a","type":"anything","args":[{"$ref":"split.result"}],"after":["split"]},
          {"name":"b","type":"anything","each":{"$ref":"split.result/words"},"args":{"w":{"$ref":"each.value"}}},
          {"name":"undo","type":"anything","after":[{"job":"a","on":"failure"}]}],
         "result":{"$ref":"b.result"}, "tags":{"customer":"7"}}
        """;

    private GatewayHost _host = null!;

    public async Task InitializeAsync() => _host = await GatewayHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task AFlow_IsAJob()
    {
        var answer = await _host.Http.PostJsonAsync("/flows", Graph);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var json = await answer.JsonAsync();
        Assert.Equal("/jobs/" + json.Text("id"), answer.Headers.Location!.ToString());
        var sent = _host.Grid.LastSubmission!;
        Assert.Equal((FlowGraph.JobType, FlowGraph.RunQueue, JobLimits.MaxPriority), (sent.Type, sent.Queue, sent.Priority));
        Assert.Equal([new JobTag("customer", "7")], sent.Tags);
        // The queue that was checked is the one that is used.
        Assert.Equal(["default", "side", "side", "side"], JsonSerializer.Deserialize<FlowGraph>(sent.Args, JobJson.Options)!.Jobs.Select(job => job.Queue));
    }

    [Fact]
    public async Task AKeyOfTheFlow_IsThatOfItsJobsThatNameNone_AndTheFlowItselfHasNone()
    {
        var answer = await _host.Http.PostJsonAsync(
            "/flows", """{"jobs":[{"name":"a","type":"longtask"},{"name":"b","type":"longtask","key":"own/1","keyWeight":9}],"key":"tenant/7","keyWeight":3}""");
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var sent = _host.Grid.LastSubmission!;
        Assert.Null(sent.Key);
        Assert.Equal([("tenant/7", 3), ("own/1", 9)], JsonSerializer.Deserialize<FlowGraph>(sent.Args, JobJson.Options)!.Jobs.Select(job => (job.Key!, job.KeyWeight!.Value)));
    }

    [Fact]
    public async Task AnIdempotencyKey_HoldsAsForJobs()
    {
        var first = await (await _host.Http.PostJsonAsync("/flows", Graph, ("Idempotency-Key", "k"))).JsonAsync();
        var again = await _host.Http.PostJsonAsync("/flows", Graph, ("Idempotency-Key", "k"));
        Assert.Equal(first.Text("id"), (await again.JsonAsync()).Text("id"));
        Assert.Equal("true", again.Header("Idempotent-Replayed"));
        var other = await _host.Http.PostJsonAsync("/flows", Graph.Replace("\"steps\":3", "\"steps\":4", StringComparison.Ordinal), ("Idempotency-Key", "k"));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "idempotency-key-reused"), (other.StatusCode, await other.ProblemAsync()));
    }

    [Theory]
    [InlineData("{", 400, "malformed-json", "")]
    [InlineData("""{"jobs":[{"name":"\ud800","type":"longtask"}]}""", 400, "malformed-json", "")]
    [InlineData("[]", 422, "invalid-member", "")]
    [InlineData("""{"jobs":[]}""", 422, "invalid-member", "/jobs")]
    [InlineData("""{"jobs":[{"name":"a","type":"longtask","after":["a"]}]}""", 422, "invalid-member", "/jobs/0/after/0")]
    [InlineData("""{"jobs":[{"name":"a","type":"longtask","after":["b"]},{"name":"b","type":"longtask","after":["a"]}]}""", 422, "invalid-member", "/jobs/0/after/0,/jobs/1/after/0")]
    [InlineData("""{"jobs":[{"name":"a","type":"nope"},{"name":"b","type":"longtask"},{"name":"c","type":"never"}]}""", 422, "unknown-type", "/jobs/0/type,/jobs/2/type")]
    [InlineData("""{"jobs":[{"name":"a","type":"longtask","args":{"steps":"x"}}]}""", 422, "invalid-args", "/jobs/0/args/steps")]
    [InlineData("""{"jobs":[{"name":"a","type":"longtask"},{"name":"b","type":"longtask","args":{"steps":{"$ref":"a.result"},"stepMs":"x"}}]}""", 422, "invalid-args", "/jobs/1/args/stepMs")]
    [InlineData("""{"jobs":[{"name":"a","type":"longtask","args":{"steps":{"$literal":"x"}}}]}""", 422, "invalid-args", "/jobs/0/args/steps")]
    [InlineData("""{"jobs":[{"name":"a","type":"longtask","args":{"steps":1,"steps":2}}]}""", 422, "invalid-args", "/jobs/0/args/steps")]
    [InlineData("""{"jobs":[{"name":"a","type":"longtask"}],"id":"oj-x"}""", 422, "invalid-member", "/id")]
    [InlineData("""{"jobs":[{"name":"a","type":"longtask"}],"id":5}""", 422, "invalid-member", "/id")]
    [InlineData("""{"jobs":[{"name":"a","type":"longtask"}],"tags":{"oj-queue-0":"x"}}""", 422, "invalid-member", "/tags/oj-queue-0")]
    [InlineData("""{"jobs":[{"name":"a","type":"longtask"}],"retention":-1}""", 422, "invalid-member", "/retention")]
    [InlineData("""{"jobs":[{"name":"a","type":"longtask"}],"deadline":"tomorrow"}""", 422, "invalid-member", "/deadline")]
    [InlineData("""{"jobs":[{"name":"a","type":"longtask"}],"deadline":true}""", 422, "invalid-member", "/deadline")]
    [InlineData("""{"jobs":[{"name":"a","type":"longtask"}],"after":"x"}""", 422, "invalid-member", "/after")]
    [InlineData("""{"jobs":[{"name":"a","type":"longtask"}],"after":["x",{"job":"y","on":"never"},7],"onUnmet":"wait"}""", 422, "invalid-member", "/after/1/on,/after/2,/onUnmet")]
    [InlineData("""{"jobs":[{"name":"a","type":"longtask"}],"key":""}""", 422, "invalid-member", "/key")]
    [InlineData("""{"jobs":[{"name":"a","type":"longtask"}],"key":7,"keyWeight":0}""", 422, "invalid-member", "/key,/keyWeight")]
    [InlineData("""{"jobs":[{"name":"a","type":"longtask"}],"keyWeight":1}""", 422, "invalid-member", "/keyWeight")]
    public async Task WhatIsWrong_IsPointedAt_AndStoresNothing(string flow, int status, string type, string pointers)
    {
        var answer = await _host.Http.PostJsonAsync("/flows", flow);
        var problem = await answer.JsonAsync();
        Assert.Equal((status, "urn:orleansjobs:problem:" + type), ((int)answer.StatusCode, problem.Text("type")));
        if (status == 422) Assert.Equal(pointers, string.Join(',', problem.GetProperty("errors").EnumerateArray().Select(error => error.Text("pointer"))));
        Assert.Empty(_host.Grid.Jobs);
    }

    [Theory]
    [InlineData("""{"steps":{"$ref":"a.result"}}""")]
    [InlineData("""{"$ref":"a.result"}""")]
    [InlineData("""{"steps":{"$literal":7}}""")]
    public async Task WhatAReferenceBrings_IsNotGuessedAt(string args) =>
        Assert.Equal(HttpStatusCode.Accepted, (await _host.Http.PostJsonAsync("/flows", $$"""{"jobs":[{"name":"a","type":"longtask"},{"name":"b","type":"longtask","args":{{args}}}]}""")).StatusCode);

    [Theory]
    [InlineData("POST", "/jobs", """{"type":"oj-flow"}""", "/type")]
    [InlineData("POST", "/jobs", """{"type":"longtask","queue":"oj-flows"}""", "/queue")]
    [InlineData("POST", "/jobs/oj-flow", "{}", "/type")]
    public async Task NamesOfTheGridsOwn_AreNobodyElses(string method, string path, string body, string pointer)
    {
        var answer = await _host.Http.SendJsonAsync(new HttpMethod(method), path, body);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Equal(pointer, (await answer.JsonAsync()).GetProperty("errors")[0].Text("pointer"));
    }

    [Fact]
    public async Task AKeyThatIsLimited_MakesFlowsOfItsQueues_AndSeesThese()
    {
        await using var host = await GatewayHost.StartAsync(new Dictionary<string, string?>()
            .With("mail", ["submit", "read", "operate"], "mail", "side").With("side", ["submit", "read"], "side").With("all", ["submit", "read"]));
        var refused = await host.Http.PostJsonAsync("/flows", Graph, KeySettings.Bearer("mail"));
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal("/jobs/0/queue", (await refused.JsonAsync()).GetProperty("errors")[0].Text("pointer"));

        var own = await (await host.Http.PostJsonAsync("/flows", Graph.Replace("\"longtask\"", "\"longtask\",\"queue\":\"mail\"", StringComparison.Ordinal), KeySettings.Bearer("mail"))).JsonAsync();
        var everybodys = await (await host.Http.PostJsonAsync("/flows", Graph, KeySettings.Bearer("all"))).JsonAsync();
        Assert.Equal(["mail", "side"], host.Grid[own.Text("id")].Submission.Tags.Where(tag => tag.Name.StartsWith("oj-", StringComparison.Ordinal)).Select(tag => tag.Value));
        async Task<HttpStatusCode> Get(string id, string key) => (await host.Http.GetAsync($"/flows/{id}", KeySettings.Bearer(key))).StatusCode;
        Assert.Equal(HttpStatusCode.OK, await Get(own.Text("id"), "mail"));
        Assert.Equal(HttpStatusCode.OK, await Get(own.Text("id"), "all"));
        Assert.Equal(HttpStatusCode.NotFound, await Get(own.Text("id"), "side"));
        Assert.Equal(HttpStatusCode.NotFound, await Get(everybodys.Text("id"), "mail"));
        Assert.Equal(HttpStatusCode.Accepted, (await host.Http.PostJsonAsync($"/jobs/{own.Text("id")}/signals/go", "1", KeySettings.Bearer("mail"))).StatusCode);
    }

    [Fact]
    public async Task GetFlow_SaysWhereEachJobStands()
    {
        var id = (await (await _host.Http.PostJsonAsync("/flows", Graph)).JsonAsync()).Text("id");
        Assert.Equal("split PENDING -, a PENDING split, b PENDING split, undo PENDING a", await DescribeAsync(id));

        var split = Child(id, "split", JobState.Success);
        Child(id, "a", JobState.Progress);
        _host.Grid.Groups.Add(new("b", 3, 3, 1, 0));
        Assert.Equal("split SUCCESS -, a PROGRESS -, b PROGRESS -, undo PENDING a", await DescribeAsync(id));
        var json = await (await _host.Http.GetAsync($"/flows/{id}")).JsonAsync();
        Assert.Equal(split, json.GetProperty("jobs")[0].Text("id"));
        Assert.Equal("""{"total":3,"started":3,"succeeded":1,"failed":0}""", json.GetProperty("jobs")[2].GetProperty("children").GetRawText());
        // What a reference makes it follow is said with the rest.
        Assert.Equal("""["split"]""", json.GetProperty("jobs")[2].GetProperty("after").GetRawText());
        Assert.Equal("""[{"job":"a","on":"failure"}]""", json.GetProperty("jobs")[3].GetProperty("after").GetRawText());

        Child(id, "a", JobState.Success);
        _host.Grid.Groups[0] = new("b", 3, 3, 2, 1);
        Assert.Equal("split SUCCESS -, a SUCCESS -, b FAILURE -, undo SKIPPED -", await DescribeAsync(id));
    }

    [Fact]
    public async Task AFlowThatIsCode_IsItsChildren()
    {
        _host.Grid.Add(new() { Id = "code", Type = "longtask", Queue = "default", IsFlow = true });
        _host.Grid.Add(new() { Id = "child", Type = "anything", Queue = "side", Parent = "code", State = JobState.Progress });
        _host.Grid.Groups.Add(new("pack", -1, 5, 2, 0));
        var json = await (await _host.Http.GetAsync("/flows/code")).JsonAsync();
        Assert.Equal("child", json.GetProperty("jobs").EnumerateArray().Single().Text("id"));
        Assert.Equal("""[{"name":"pack","started":5,"succeeded":2,"failed":0}]""", json.GetProperty("groups").GetRawText());
        Assert.Equal(HttpStatusCode.NotFound, (await _host.Http.GetAsync("/flows/none")).StatusCode);
    }

    /// <summary>Its flow is of a queue that the key is good for, and two of the children are not.</summary>
    [Fact]
    public async Task AFlowThatIsCode_ShowsWhoIsLimitedNoChildrenOfOtherQueues()
    {
        await using var host = await GatewayHost.StartAsync(new Dictionary<string, string?>().With("mail", ["read"], "mail").With("all", ["read"]));
        host.Grid.Add(new() { Id = "code", Type = "longtask", Queue = "mail", IsFlow = true });
        host.Grid.Add(new() { Id = "own", Type = "anything", Queue = "mail", Parent = "code", State = JobState.Progress });
        host.Grid.Add(new() { Id = "bill", Type = "anything", Queue = "billing", Parent = "code", State = JobState.Failure, Error = new(JobErrorCodes.Error, null, "No card.") });
        async Task<string> ChildrenAsync(string key) => string.Join(' ', (await (await host.Http.GetAsync("/flows/code", KeySettings.Bearer(key))).JsonAsync())
            .GetProperty("jobs").EnumerateArray().Select(job => job.Text("id")).Order(StringComparer.Ordinal));
        Assert.Equal("bill own", await ChildrenAsync("all"));
        Assert.Equal("own", await ChildrenAsync("mail"));
    }

    private string Child(string flow, string name, JobState state)
    {
        var id = FlowIds.Child(flow, _host.Grid[flow].Status.SubmittedAt.ToUnixTimeMilliseconds(), 1, name, -1, false, 4);
        _host.Grid.Add(new() { Id = id, Type = "anything", Queue = "side", Parent = flow, State = state, Phase = state == JobState.Progress ? JobPhase.Running : JobPhase.None });
        return id;
    }

    private async Task<string> DescribeAsync(string id)
    {
        var json = await (await _host.Http.GetAsync($"/flows/{id}")).JsonAsync();
        return string.Join(", ", json.GetProperty("jobs").EnumerateArray().Select(job =>
            $"{job.Text("name")} {job.Text("state")} {(job.TryGetProperty("waitingFor", out var waits) ? string.Join('+', waits.EnumerateArray().Select(wait => wait.Text("name"))) : "-")}"));
    }
}
