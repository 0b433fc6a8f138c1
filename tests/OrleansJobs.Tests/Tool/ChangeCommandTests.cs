using System.Net;
using System.Text;

namespace OrleansJobs.Tests.Tool;

public class ChangeCommandTests
{
    private readonly ToolRun _tool = new();

    [Fact]
    public async Task Cancel_SendsTheReason()
    {
        _tool.Gateway.On("POST /jobs/a/cancel", ToolRun.Job(state: "REVOKED"));
        Assert.Equal(0, await _tool.RunAsync("cancel", "a", "--reason", "not needed"));
        Assert.Equal("""{"reason":"not needed"}""", _tool.Gateway.Requests[0].Body);
        Assert.Equal("a  REVOKED  1/10  10%  step 1\n", _tool.Out);
        Assert.Equal(0, await _tool.RunAsync("cancel", "a"));
        Assert.Null(_tool.Gateway.Requests[1].Message.Content);
    }

    [Fact]
    public async Task Change_OfMany_GoesOnAfterOneThatFails()
    {
        _tool.Gateway.On("POST /jobs/a/retry", ToolRun.Job("a", "PENDING")).On("POST /jobs/d/retry", ToolRun.Job("d", "PENDING"));
        _tool.Gateway.OnProblem("POST /jobs/b/retry", 409, "The job's state does not allow it.", "It is in SUCCESS.");
        _tool.Gateway.OnProblem("POST /jobs/c/retry", 404, "There is no such job.");
        Assert.Equal(5, await _tool.RunAsync("retry", "a", "b", "c", "d"));
        Assert.Equal(2, _tool.Lines.Length);
        Assert.StartsWith("b: The job's state does not allow it. (409)\nIt is in SUCCESS.\nc: There is no such job. (404)", _tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_WhenTheGatewayIsAway_DoesNotTryTheRest()
    {
        _tool.Gateway.OnProblem("POST /jobs/a/retry", 503, "Away.");
        Assert.Equal(6, await _tool.RunAsync("retry", "a", "b"));
        Assert.Single(_tool.Gateway.Requests);
    }

    [Fact]
    public async Task Move_SaysWhen()
    {
        _tool.Gateway.On("POST /jobs/a/due", ToolRun.Job("a", "PENDING"));
        Assert.Equal(0, await _tool.RunAsync("move", "a"));
        Assert.Equal(0, await _tool.RunAsync("move", "a", "--countdown", "2h", "--reason", "not yet"));
        Assert.Equal(0, await _tool.RunAsync("move", "a", "--eta", "2030-01-31T12:00:00Z"));
        Assert.Equal(["{}", """{"countdown":7200,"reason":"not yet"}""", """{"eta":"2030-01-31T12:00:00Z"}"""], _tool.Gateway.Requests.Select(request => request.Body));
    }

    [Fact]
    public async Task Delete_SaysNothingWhereItWorks()
    {
        _tool.Gateway.On("DELETE /jobs/a", "", HttpStatusCode.NoContent);
        Assert.Equal(0, await _tool.RunAsync("delete", "a"));
        Assert.Equal("", _tool.Out);
    }

    [Fact]
    public async Task BackUp_SaysTheCopysName()
    {
        _tool.Gateway.On("POST /store/backup", """{"name":"jobs-1.db","bytes":4096}""");
        Assert.Equal(0, await _tool.RunAsync("backup"));
        Assert.StartsWith("jobs-1.db, ", _tool.Out);
    }

    [Fact]
    public async Task BackUp_WaitsForACopyThatTakesLong()
    {
        _tool.Gateway.On("POST /store/backup", () => new(HttpStatusCode.OK) { Content = new SlowContent(_tool.Time, TimeSpan.FromMinutes(20), """{"name":"jobs-1.db","bytes":4096}""") });
        Assert.Equal(0, await _tool.RunAsync("backup"));
        Assert.StartsWith("jobs-1.db, ", _tool.Out);
    }

    [Fact]
    public async Task Queues_ArePausedAndResumed()
    {
        _tool.Gateway.On("POST /queues/media/pause", """{"name":"media","paused":true}""").On("POST /queues/media/resume", """{"name":"media","paused":false}""");
        Assert.Equal(0, await _tool.RunAsync("pause", "media", "--reason", "maintenance"));
        Assert.Equal("Queue media is paused.\n", _tool.Out);
        Assert.Equal("""{"reason":"maintenance"}""", _tool.Gateway.Requests[0].Body);
        Assert.Equal(0, await _tool.RunAsync("resume", "media", "--json"));
        Assert.Equal("{\"name\":\"media\",\"paused\":false}\n", _tool.Out);
    }

    private sealed class SlowContent(TimeProvider time, TimeSpan takes, string json) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await Task.Delay(takes, time, cancellationToken);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(json), cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
