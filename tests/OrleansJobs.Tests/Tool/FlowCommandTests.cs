using System.Net;

namespace OrleansJobs.Tests.Tool;

public class FlowCommandTests
{
    private const string Flow = """{"jobs":[{"name":"a","type":"longtask"}]}""";

    private readonly ToolRun _tool = new();

    [Fact]
    public async Task FlowSubmit_SendsTheFileUnderAKey_AndPrintsTheId()
    {
        _tool.Input = Flow;
        _tool.Gateway.On("POST /flows", ToolRun.Job("f", "PENDING"), HttpStatusCode.Accepted);
        Assert.Equal(0, await _tool.RunAsync("flow", "submit", "-"));
        Assert.Equal("f\n", _tool.Out);
        Assert.Equal(Flow, _tool.Gateway.Requests[0].Body);
        Assert.True(_tool.Gateway.Requests[0].Message.Headers.Contains("Idempotency-Key"));
    }

    [Fact]
    public async Task FlowSubmit_WhoseFlowHasAnId_NeedsNoKey()
    {
        _tool.Input = """{"id":"mine","jobs":[{"name":"a","type":"longtask"}]}""";
        _tool.Gateway.On("POST /flows", ToolRun.Job("mine", "PENDING"), HttpStatusCode.Accepted);
        Assert.Equal(0, await _tool.RunAsync("flow", "submit", "-"));
        Assert.False(_tool.Gateway.Requests[0].Message.Headers.Contains("Idempotency-Key"));
        _tool.Input = """{"id":"mine","jobs":[]}""";
        Assert.Equal(2, await _tool.RunAsync("flow", "submit", "-", "--idempotency-key", "k"));
        Assert.Equal(2, await _tool.RunAsync("flow", "submit", "/no/such/file"));
    }

    [Fact]
    public async Task Signal_IsSentAgainUnderItsKey_WhereTheAnswerIsLost()
    {
        _tool.Gateway.OnProblem("POST /jobs/a/signals/go%20on", 503, "Away", retryAfter: 1).On("POST /jobs/a/signals/go%20on", """{"job":"a","signal":"go on"}""", HttpStatusCode.Accepted);
        Assert.Equal(0, await _tool.RunAsync("signal", "a", "go on", """{"by":"me"}"""));
        Assert.Equal("""{"by":"me"}""", _tool.Gateway.Requests[0].Body);
        Assert.Equal(2, _tool.Gateway.Requests.Count);
        Assert.Single(_tool.Gateway.Requests.Select(request => string.Concat(request.Message.Headers.GetValues("Idempotency-Key"))).Distinct());
    }

    [Fact]
    public async Task Signal_ThatIsNotKept_SaysWhy()
    {
        _tool.Gateway.OnProblem("POST /jobs/a/signals/go", 409, "The job's state does not allow it.", "The job has ended.");
        Assert.Equal(5, await _tool.RunAsync("signal", "a", "go"));
        Assert.Contains("The job has ended.", _tool.Error, StringComparison.Ordinal);
        Assert.Equal("null", _tool.Gateway.Requests[0].Body);
    }

    [Fact]
    public async Task Submit_SaysWhatItIsAfter()
    {
        _tool.Gateway.On("POST /jobs", ToolRun.Job("b", "PENDING"), HttpStatusCode.Accepted);
        Assert.Equal(0, await _tool.RunAsync("submit", "longtask", "--after", "a", "--after", "c:end", "--cancel-if-unmet", "--id", "b"));
        Assert.Equal("""{"type":"longtask","id":"b","after":["a",{"job":"c","on":"end"}],"onUnmet":"cancel"}""", _tool.Gateway.Requests[0].Body);
    }

    [Fact]
    public async Task ShowTree_PrintsAFlowsJobs_AndThoseOfFlowsAmongThem()
    {
        _tool.Gateway.On("GET /flows/f", """
            {"id":"f","type":"oj-flow","state":"PROGRESS","waitingFor":[{"what":"children","name":"many","done":2,"of":6}],"jobs":[
              {"name":"split","type":"wordcount","after":[],"id":"c1","state":"SUCCESS","startedAt":"2026-01-31T12:00:00Z","finishedAt":"2026-01-31T12:00:02Z"},
              {"name":"many","type":"longtask","after":["split"],"each":true,"state":"PROGRESS","children":{"total":6,"started":6,"succeeded":2,"failed":1}},
              {"name":"inner","type":"order","after":[{"job":"split","on":"end"}],"id":"c2","flow":true,"state":"PROGRESS"},
              {"name":"last","type":"sum","after":["many"],"state":"PENDING","waitingFor":[{"what":"job","name":"many"}]}]}
            """);
        _tool.Gateway.On("GET /flows/c2", """{"id":"c2","type":"order","state":"PROGRESS","jobs":[{"type":"pack","queue":"q","id":"c3","state":"FAILURE","error":{"code":"error","message":"no box"}}],"groups":[{"name":"pack","started":3,"succeeded":2,"failed":1}],"more":true}""");
        Assert.Equal(0, await _tool.RunAsync("show", "f", "--tree"));
        Assert.Equal("""
            oj-flow PROGRESS (waits for children 'many' (2 of 6 done))  f
              split SUCCESS in 2 s  c1
              many PROGRESS: 2 of 6 done, 1 failed  after split
              inner PROGRESS  c2  after split (end)
                pack: 2 of ? done, 1 failed
                pack FAILURE: no box  c3
                ...
              last PENDING (waits for job 'many')  after many

            """.ReplaceLineEndings("\n"), _tool.Out);
    }

    [Fact]
    public async Task Show_SaysWhatAJobWaitsFor()
    {
        _tool.Gateway.On("GET /jobs/a", ToolRun.Job(state: "PENDING", more: ""","waitingFor":[{"what":"job","id":"b"},{"what":"queue","paused":true},{"what":"handler","type":"t"},{"what":"signal","name":"go"}],"parent":"p" """));
        Assert.Equal(0, await _tool.RunAsync("show", "a"));
        Assert.Contains("Waiting for  job b, its queue, which is paused, a silo with a handler for 't', signal 'go'", _tool.Out, StringComparison.Ordinal);
        Assert.Matches("Child of +p\n", _tool.Out);
    }
}
