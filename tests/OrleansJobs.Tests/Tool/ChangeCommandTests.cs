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
    public async Task Retry_OfAFew_ThatFit_CountsThemFirst_AndWatchesTheAction()
    {
        _tool.Gateway.On("POST /jobs:act", ToolRun.Job("n", "PENDING")).On("POST /jobs:act", ToolRun.Job("r", "PENDING"));
        _tool.Gateway.On("GET /jobs/n", Acted("n", 100)).On("GET /jobs/r", Acted("r", 100));
        Assert.Equal(0, await _tool.RunAsync("retry", "--where", "state=failure", "--where", "tag.customer=7", "--where", "finishedAfter=1h", "--reason", "mended"));
        Assert.Equal(
            [
                """{"action":"retry","filter":{"state":"FAILURE","tag.customer":"7","finishedAfter":"2025-12-31T23:00:00.000Z"},"dryRun":true}""",
                """{"action":"retry","filter":{"state":"FAILURE","tag.customer":"7","finishedAfter":"2025-12-31T23:00:00.000Z"},"reason":"mended"}""",
            ],
            _tool.Gateway.Requests.Where(request => request.Route == "POST /jobs:act").Select(request => request.Body));
        Assert.Contains("r succeeded: {\"done\":100", _tool.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MoreThanAFew_AreNotTouched_UntilItIsSaidThatTheyAreMeant()
    {
        _tool.Gateway.On("POST /jobs:act", ToolRun.Job("n", "PENDING")).On("GET /jobs/n", Acted("n", 101));
        Assert.Equal(2, await _tool.RunAsync("delete", "--where", "state=SUCCESS"));
        Assert.Equal("101 jobs fit. Nothing was done.\n", _tool.Out);
        Assert.Contains("--yes", _tool.Error, StringComparison.Ordinal);
        Assert.Contains("\"dryRun\":true", Assert.Single(_tool.Gateway.Requests, request => request.Route == "POST /jobs:act").Body, StringComparison.Ordinal);

        Assert.Equal(0, await _tool.RunAsync("cancel", "--where", "type=longtask", "--dry-run", "--json"));
        Assert.Equal("{\"matched\":101}\n", _tool.Out);

        var before = _tool.Gateway.Requests.Count;
        Assert.Equal(0, await _tool.RunAsync("move", "--where", "type=longtask", "--yes"));
        Assert.Equal("""{"action":"due","filter":{"type":"longtask"}}""", Assert.Single(_tool.Gateway.Requests.Skip(before), request => request.Route == "POST /jobs:act").Body);
    }

    [Theory]
    [InlineData("retry")]
    [InlineData("retry", "a", "--where", "state=FAILURE")]
    [InlineData("retry", "--where", "state=FAILURE", "--where", "state=REVOKED")]
    [InlineData("retry", "--where", "state")]
    [InlineData("cancel", "--where", "limit=5")]
    [InlineData("retry", "a", "--yes")]
    [InlineData("move", "--where", "type=t", "--countdown", "1h")]
    public async Task WhatIsNotPlain_IsNotAsked(params string[] arguments)
    {
        Assert.Equal(2, await _tool.RunAsync(arguments));
        Assert.Empty(_tool.Gateway.Requests);
    }

    private static string Acted(string id, int done) => ToolRun.Job(id, "SUCCESS", more: $$""","result":{"done":{{done}},"skipped":0,"failed":0,"failures":[]}""");

    [Fact]
    public async Task Prioritise_SaysHowUrgent()
    {
        _tool.Gateway.On("POST /jobs/a/priority", ToolRun.Job("a", "PENDING"));
        Assert.Equal(0, await _tool.RunAsync("prioritise", "a", "--priority", "9", "--reason", "x"));
        Assert.Equal("""{"priority":9,"reason":"x"}""", _tool.Gateway.Requests[0].Body);
        Assert.Equal(2, await _tool.RunAsync("prioritise", "a"));
    }

    [Fact]
    public async Task Transfer_SaysWhichQueue()
    {
        _tool.Gateway.On("POST /jobs/a/queue", ToolRun.Job("a", "PENDING"));
        Assert.Equal(0, await _tool.RunAsync("transfer", "a", "--queue", "slow", "--reason", "x"));
        Assert.Equal("""{"queue":"slow","reason":"x"}""", _tool.Gateway.Requests[0].Body);
        Assert.Equal(2, await _tool.RunAsync("transfer", "a"));
        Assert.Equal(2, await _tool.RunAsync("transfer", "--where", "type=t", "--queue", "slow"));
    }

    [Fact]
    public async Task Copy_SendsWhatIsSaidOtherwise_AndPrintsTheNewId()
    {
        _tool.Gateway.On("POST /jobs/a/copy", ToolRun.Job("c", "PENDING"));
        Assert.Equal(0, await _tool.RunAsync("copy", "a"));
        Assert.Equal("c\n", _tool.Out);
        Assert.Equal(0, await _tool.RunAsync("copy", "a", "{\"steps\":2}", "--queue", "side", "--priority", "9", "--countdown", "1h"));
        Assert.Equal(["{}", """{"args":{"steps":2},"queue":"side","priority":9,"countdown":3600}"""], _tool.Gateway.Requests.Select(request => request.Body));
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
