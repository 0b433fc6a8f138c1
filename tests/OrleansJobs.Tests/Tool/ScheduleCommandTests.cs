namespace OrleansJobs.Tests.Tool;

public class ScheduleCommandTests
{
    private const string Nightly = """
        {"id":"nightly","type":"cleanup","queue":"default","args":{},"cron":"0 3 * * *","zone":"Europe/Berlin","overlap":"skip","missed":"one","version":"1-1","runs":[{"scheduledAt":"2026-01-01T02:00:00Z","outcome":"success","cause":"instant"}]}
        """;

    private readonly ToolRun _tool = new();

    [Fact]
    public async Task Put_SendsWhatIsSaid()
    {
        _tool.Gateway.On("PUT /schedules/nightly", Nightly);
        Assert.Equal(0, await _tool.RunAsync("schedule", "put", "nightly", "longtask", "--arg", "steps=30", "--cron", "0 3 * * *", "--zone", "Europe/Berlin", "--jitter", "1m", "--overlap", "queue"));
        Assert.Equal("""{"args":{"steps":30},"type":"longtask","cron":"0 3 * * *","zone":"Europe/Berlin","jitter":60,"overlap":"queue"}""", _tool.Gateway.Requests[0].Body);
        Assert.StartsWith("nightly: 0 3 * * * Europe/Berlin, ", _tool.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_OfAFlow_SendsTheFile()
    {
        _tool.Gateway.On("PUT /schedules/nightly", Nightly);
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, """{"jobs":[{"name":"a","type":"longtask"}]}""");
            Assert.Equal(0, await _tool.RunAsync("schedule", "put", "nightly", "--flow", file, "--every", "7m", "--deadline", "1h", "--tag", "kind=report"));
            Assert.Equal("""{"flow":{"jobs":[{"name":"a","type":"longtask"}]},"every":420,"deadline":3600,"tags":{"kind":"report"}}""", _tool.Gateway.Requests[0].Body);
            Assert.Equal(2, await _tool.RunAsync("schedule", "put", "nightly", "longtask", "--flow", file, "--every", "7m"));
            Assert.Equal(2, await _tool.RunAsync("schedule", "put", "nightly", "--every", "7m"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Put_SaysAllThatAScheduleHas_AndOnlyOfTheVersionThatWasSeen()
    {
        _tool.Gateway.On("PUT /schedules/nightly", Nightly);
        Assert.Equal(0, await _tool.RunAsync("schedule", "put", "nightly", "longtask", "--every", "7m", "--missed", "all", "--missed-after", "2m", "--missed-within", "3h", "--retention", "0",
            "--notify", "https://a.b/c?d=e", "--notify", "failure,progress=https://a.b/d", "--if-match", "1-1"));
        Assert.Equal("""{"type":"longtask","every":420,"missed":"all","missedAfter":120,"missedWithin":10800,"retention":0,"notify":["https://a.b/c?d=e",{"url":"https://a.b/d","on":["failure","progress"]}]}""", _tool.Gateway.Requests[0].Body);
        Assert.Equal("\"1-1\"", _tool.Gateway.Requests[0].Message.Headers.GetValues("If-Match").Single());
        Assert.Equal(2, await _tool.RunAsync("schedule", "put", "nightly", "longtask", "--every", "7m", "--if-match", "a\"b"));
        Assert.Single(_tool.Gateway.Requests);
    }

    [Fact]
    public async Task Changes_AreOnlyOfTheVersionThatWasSeen()
    {
        _tool.Gateway.On("POST /schedules/nightly/pause", Nightly).On("POST /schedules/nightly/resume", Nightly).On("DELETE /schedules/nightly", "", System.Net.HttpStatusCode.NoContent);
        foreach (var (change, match) in new[] { ("pause", "1-1"), ("resume", "*"), ("delete", "1-1") }) Assert.Equal(0, await _tool.RunAsync("schedule", change, "nightly", "--if-match", match));
        Assert.Equal(["\"1-1\"", "*", "\"1-1\""], _tool.Gateway.Requests.Select(request => request.Message.Headers.GetValues("If-Match").Single()));
    }

    [Fact]
    public async Task ATriggerWhoseAnswerIsLost_IsSentAgain_UnderTheSameKey()
    {
        _tool.Gateway.On("POST /schedules/nightly/trigger", () => throw new HttpRequestException("lost")).On("POST /schedules/nightly/trigger", "{\"job\":\"oj-1\"}");
        Assert.Equal(0, await _tool.RunAsync("schedule", "trigger", "nightly"));
        Assert.Equal("oj-1\n", _tool.Out);
        Assert.Equal(2, _tool.Gateway.Requests.Count);
        Assert.Single(_tool.Gateway.Requests.Select(request => request.Message.Headers.GetValues("Idempotency-Key").Single()).Distinct());
    }

    [Fact]
    public async Task AListThatEndsAtItsLimit_SaysThatThereAreMore()
    {
        _tool.Gateway.On("GET /schedules?limit=1", $$"""{"schedules":[{{Nightly}}],"cursor":"nightly"}""");
        Assert.Equal(0, await _tool.RunAsync("schedule", "list", "--limit", "1"));
        Assert.Equal("There are more than these 1: give a higher --limit.\n", _tool.Error);
        Assert.Equal(0, await _tool.RunAsync("schedule", "list", "--limit", "1", "--json"));
        Assert.StartsWith("There are more", _tool.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_ByDue_AndOfASchedule()
    {
        _tool.Gateway.On("GET /jobs?limit=20&schedule=nightly&order=due", """{"jobs":[{"id":"j-1","type":"cleanup","queue":"default","state":"PENDING","current":0,"total":1,"status":"","version":1,"attempt":0,"submittedAt":"2026-01-01T02:00:00Z","dueAt":"2030-01-01T02:00:00Z","schedule":"nightly"}]}""");
        Assert.Equal(0, await _tool.RunAsync("list", "--schedule", "nightly", "--due"));
        Assert.Contains("DUE", _tool.Out, StringComparison.Ordinal);
        Assert.Contains("nightly", _tool.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_GoesThroughAllPages()
    {
        _tool.Gateway.On("GET /schedules?limit=200", $$"""{"schedules":[{{Nightly}}],"cursor":"nightly"}""");
        _tool.Gateway.On("GET /schedules?limit=199&cursor=nightly", """{"schedules":[]}""");
        Assert.Equal(0, await _tool.RunAsync("schedule", "list"));
        Assert.Contains("nightly", _tool.Out, StringComparison.Ordinal);
        Assert.Equal(2, _tool.Gateway.Requests.Count);
    }

    [Fact]
    public async Task Changes_GoToTheirAddresses()
    {
        _tool.Gateway.On("POST /schedules/nightly/pause", Nightly).On("POST /schedules/nightly/resume", Nightly).On("POST /schedules/nightly/trigger", """{"job":"oj-1"}""")
            .On("POST /schedules/nightly/backfill", """{"submitted":2,"known":1,"jobs":["a","b","c"]}""").On("DELETE /schedules/nightly", "", System.Net.HttpStatusCode.NoContent)
            .On("GET /schedules/nightly/next?count=2", """{"next":["2026-01-02T02:00:00Z","2026-01-03T02:00:00Z"]}""");
        Assert.Equal(0, await _tool.RunAsync("schedule", "pause", "nightly", "--reason", "holidays"));
        Assert.Equal("""{"reason":"holidays"}""", _tool.Gateway.Requests[0].Body);
        Assert.Equal(0, await _tool.RunAsync("schedule", "resume", "nightly"));
        Assert.Equal(0, await _tool.RunAsync("schedule", "trigger", "nightly"));
        Assert.EndsWith("oj-1\n", _tool.Out, StringComparison.Ordinal);
        Assert.Equal(0, await _tool.RunAsync("schedule", "backfill", "nightly", "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T00:10:00Z"));
        Assert.EndsWith("2 submitted, 1 were there.\n", _tool.Out, StringComparison.Ordinal);
        Assert.Equal(0, await _tool.RunAsync("schedule", "next", "nightly", "--count", "2"));
        Assert.EndsWith("2026-01-02T02:00:00Z\n2026-01-03T02:00:00Z\n", _tool.Out, StringComparison.Ordinal);
        Assert.Equal(0, await _tool.RunAsync("schedule", "delete", "nightly"));
    }
}
