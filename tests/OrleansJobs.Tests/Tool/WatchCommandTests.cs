using System.Net;
using System.Text.Json;

namespace OrleansJobs.Tests.Tool;

public class WatchCommandTests
{
    private readonly ToolRun _tool = new();

    [Fact]
    public async Task Watch_OfAFinishedJob_NeedsNoStream()
    {
        _tool.Gateway.On("GET /jobs/a", ToolRun.Job(state: "SUCCESS", more: ",\"result\":42"));
        Assert.Equal(0, await _tool.RunAsync("watch", "a"));
        Assert.Equal(["GET /jobs/a"], _tool.Gateway.Routes);
        Assert.Equal("a succeeded: 42", _tool.Lines[^1]);
    }

    [Theory]
    [InlineData(404)]
    [InlineData(406)]
    public async Task Watch_WhereThereAreNoStreams_Asks(int status)
    {
        _tool.Gateway.On("GET /jobs/a/events", "", (HttpStatusCode)status);
        _tool.Gateway.On("GET /jobs/a", ToolRun.Job(version: 1)).On("GET /jobs/a", ToolRun.Job(version: 1)).On("GET /jobs/a", ToolRun.Job(version: 5)).On("GET /jobs/a", ToolRun.Job(state: "SUCCESS", version: 10));
        Assert.Equal(0, await _tool.RunAsync("watch", "a"));
        Assert.Equal(["GET /jobs/a", "GET /jobs/a/events", "GET /jobs/a", "GET /jobs/a", "GET /jobs/a"], _tool.Gateway.Routes);
        Assert.Equal(["a  PROGRESS  1/10  10%  step 1", "a  PROGRESS  5/10  50%  step 5", "a  SUCCESS  10/10  100%  step 10", "a succeeded: null"], _tool.Lines);
    }

    [Fact]
    public async Task Watch_WhereAStreamIsSomethingElse_Asks()
    {
        _tool.Gateway.On("GET /jobs/a/events", "<html>", type: "text/html");
        _tool.Gateway.On("GET /jobs/a", ToolRun.Job()).On("GET /jobs/a", ToolRun.Job(state: "SUCCESS", version: 2));
        Assert.Equal(0, await _tool.RunAsync("watch", "a"));
    }

    [Fact]
    public async Task Watch_WhenTheStreamBreaksOrIsRefused_ComesBack()
    {
        _tool.Gateway.On("GET /jobs/a", ToolRun.Job(version: 1));
        _tool.Gateway.OnEvents("GET /jobs/a/events", ToolRun.Job(version: 2));
        _tool.Gateway.On("GET /jobs/a/events", () => throw new HttpRequestException("reset"));
        _tool.Gateway.OnProblem("GET /jobs/a/events", 503, "The grid did not answer in time.", retryAfter: 5);
        _tool.Gateway.OnEvents("GET /jobs/a/events", ToolRun.Job(version: 1), ToolRun.Job(version: 7), ToolRun.Job(state: "SUCCESS", version: 10));
        Assert.Equal(0, await _tool.RunAsync("watch", "a"));
        Assert.Equal([1, 2, 7, 10], _tool.Lines.SkipLast(1).Select(line => int.Parse(line.Split("step ")[1], System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task Watch_WhenTheGatewayStaysAway_EndsWith6()
    {
        _tool.Gateway.On("GET /jobs/a", ToolRun.Job(version: 1)).On("GET /jobs/a", () => throw new HttpRequestException("refused"));
        _tool.Gateway.On("GET /jobs/a/events", () => throw new HttpRequestException("refused"));
        var started = _tool.Time.GetUtcNow();
        Assert.Equal(6, await _tool.RunAsync("watch", "a"));
        Assert.InRange(_tool.Time.GetUtcNow() - started, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(2.2));
    }

    [Fact]
    public async Task Watch_WhenTheStreamFallsSilent_OpensAnother()
    {
        _tool.Gateway.On("GET /jobs/a", ToolRun.Job(version: 1));
        _tool.Gateway.On("GET /jobs/a/events", () =>
        {
            var content = new StreamContent(new SilentStream());
            content.Headers.ContentType = new("text/event-stream");
            return new(HttpStatusCode.OK) { Content = content };
        });
        _tool.Gateway.OnEvents("GET /jobs/a/events", ToolRun.Job(state: "SUCCESS", version: 10));
        Assert.Equal(0, await _tool.RunAsync("watch", "a"));
    }

    [Fact]
    public async Task Watch_OfManyJobs_UsesOneStreamAndEndsWithTheFirstThatDidNotSucceed()
    {
        foreach (var id in (string[])["a", "b", "c"]) _tool.Gateway.On($"GET /jobs/{id}", ToolRun.Job(id));
        _tool.Gateway.OnEvents("GET /events?jobs=a,b,c",
            ToolRun.Job("c", "REVOKED", 4), ToolRun.Job("b", "FAILURE", 5, ",\"error\":{\"code\":\"error\",\"message\":\"x\"}"), ToolRun.Job("a", "SUCCESS", 6));
        Assert.Equal(1, await _tool.RunAsync("watch", "a", "b", "c"));
        Assert.Equal(["a succeeded: null", "b failed: error: x", "c was cancelled"], _tool.Lines[^3..]);
        Assert.Equal(4, _tool.Gateway.Requests.Count);
    }

    [Fact]
    public async Task Watch_AsJson_PrintsEachStatus()
    {
        _tool.Gateway.On("GET /jobs/a", ToolRun.Job(version: 1));
        _tool.Gateway.OnEvents("GET /jobs/a/events", ToolRun.Job(state: "FAILURE", version: 3));
        Assert.Equal(1, await _tool.RunAsync("watch", "a", "--json"));
        Assert.Equal([1, 3], _tool.Lines.Select(line => JsonSerializer.Deserialize<JsonElement>(line).GetProperty("version").GetInt32()));
    }

    [Fact]
    public async Task Watch_WhenThereIsNoJob_EndsWith4()
    {
        _tool.Gateway.OnProblem("GET /jobs/a", 404, "There is no such job.", "It was never accepted.");
        Assert.Equal(4, await _tool.RunAsync("watch", "a"));
        Assert.Equal("There is no such job. (404)\nIt was never accepted.\n", _tool.Error);
    }

    [Fact]
    public async Task Watch_OfTooManyJobs_EndsWith2() => Assert.Equal(2, await _tool.RunAsync(["watch", .. Enumerable.Range(0, 51).Select(i => $"job-{i}")]));

    private sealed class SilentStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            new(Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken).ContinueWith(task => task.IsCanceled ? throw new OperationCanceledException(cancellationToken) : 0, TaskScheduler.Default));
    }
}
