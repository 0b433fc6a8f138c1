using OrleansJobs.Tool;

namespace OrleansJobs.Tests.Tool;

public class HistoryCommandTests
{
    private const string Figures = "\"submitted\":1200,\"succeeded\":7,\"failed\":1,\"cancelled\":0,\"retried\":2,\"lost\":0,\"runSeconds\":{\"count\":8,\"p50\":0.25,\"p95\":75,\"p99\":80}";

    private const string History = $$"""
        {"step":"minute","partitions":32,"silent":2,
         "points":[{"at":"2030-01-31T12:00:00Z","waiting":0,"submitted":0,"succeeded":0,"failed":0,"cancelled":0,"retried":0,"lost":0},{"at":"2030-01-31T12:01:00Z","waiting":4,{{Figures}}}],
         "types":[{"name":"longtask",{{Figures}}}],"queues":[{"name":"mail",{{Figures}}}],
         "events":[{"at":"2030-01-31T12:00:30Z","what":"queue_paused","name":"mail","by":"ops","text":"moving\u001b[2J"}]}
        """;

    private readonly ToolRun _tool = new();

    [Fact]
    public async Task History_ShowsStepsInWhichSomethingHappened_AndWhatElseDid()
    {
        _tool.Gateway.On("GET /stats/history?step=minute", History);
        Assert.Equal(0, await _tool.RunAsync("history"));
        Assert.Equal("AT\tWAITING\tSUBMITTED\tSUCCEEDED\tFAILED\tCANCELLED\tRETRIED\tLOST\tRUN P50\tRUN P95\tRUN P99\tWAIT P50\tWAIT P95\tWAIT P99", _tool.Lines[0]);
        Assert.EndsWith("\t4\t1,200\t7\t1\t0\t2\t0\t250 ms\t1 min 15 s\t1 min 20 s\t\t\t", _tool.Lines[1]);
        Assert.Equal("AT\tWHAT\tNAME\tBY\tTEXT", _tool.Lines[2]);
        Assert.Contains("queue_paused\tmail\tops\tmoving", _tool.Lines[3]);
        Assert.DoesNotContain("\u001b", _tool.Out);
        Assert.Contains("2 of 32 partitions", _tool.Lines[4]);
    }

    [Fact]
    public async Task History_PassesOnWhatIsAskedFor()
    {
        _tool.Gateway.On("GET /stats/history?step=hour&type=longtask&queue=mail&from=2025-12-31T00%3A00%3A00Z&to=2026-01-01T00%3A00%3A00Z", History);
        Assert.Equal(0, await _tool.RunAsync("history", "--hours", "--type", "longtask", "--queue", "mail", "--since", "1d", "--by", "queue"));
        Assert.StartsWith("QUEUE\tSUBMITTED", _tool.Lines[0]);
        Assert.StartsWith("mail\t1,200", _tool.Lines[1]);
        Assert.Equal(ExitCodes.Usage, await _tool.RunAsync("history", "--by", "key"));
    }

    [Fact]
    public async Task History_AsJson_IsWhatTheGatewaySays()
    {
        _tool.Gateway.On("GET /stats/history?step=minute", History);
        Assert.Equal(0, await _tool.RunAsync("history", "--json"));
        Assert.StartsWith("{\"step\":\"minute\"", Assert.Single(_tool.Lines));
    }

    [Fact]
    public async Task History_OfNothing_SaysSo()
    {
        _tool.Gateway.On("GET /stats/history?step=minute", """{"points":[],"types":[],"queues":[],"events":[],"silent":0}""");
        Assert.Equal(0, await _tool.RunAsync("history"));
        Assert.Equal("Nothing was counted.\n", _tool.Out);
    }
}
