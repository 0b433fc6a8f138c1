using OrleansJobs.Tests.Gateway;
using OrleansJobs.Tool;
using Spectre.Console;

namespace OrleansJobs.Tests.Tool;

/// <summary>Each command of the tool against a real gateway with a real grid behind it.</summary>
public sealed class ToolOverHttpTests(GridHost grid) : IClassFixture<GridHost>
{
    [Fact]
    public async Task Submit_WithWatch_FollowsTheJob()
    {
        var (code, output) = await RunAsync("submit", "longtask", "-a", "steps=4", "-a", "stepMs=300", "--watch");
        Assert.Equal(0, code);
        Assert.Contains("PROGRESS", output, StringComparison.Ordinal);
        Assert.EndsWith("succeeded: 42\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_IsListedShownCancelledRetriedAndDeleted()
    {
        var id = (await RunAsync("submit", "longtask", "-a", "steps=1000", "-a", "stepMs=100", "--tag", "story=tool", "--queue", "default")).Output.Trim();
        Assert.Contains(id, (await RunAsync("list", "--tag", "story=tool")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("cancel", id, "--reason", "not needed")).Code);
        Assert.Equal(3, (await RunAsync("watch", id)).Code);
        Assert.Contains("not needed", (await RunAsync("show", id)).Output, StringComparison.Ordinal);
        Assert.Contains("\"steps\": 1000", (await RunAsync("show", id, "--args")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("retry", id)).Code);
        Assert.Equal(5, (await RunAsync("delete", id)).Code);
        Assert.Equal(0, (await RunAsync("cancel", id)).Code);
        Assert.Equal(3, (await RunAsync("watch", id)).Code);
        Assert.Equal(0, (await RunAsync("delete", id)).Code);
        Assert.Equal(4, (await RunAsync("show", id)).Code);
    }

    [Fact]
    public async Task Submit_UnderAnIdOrAKey_IsMadeOnce()
    {
        string[] mine = ["submit", "longtask", "-a", "steps=1", "-a", "stepMs=1", "--id", "tool-made-once"];
        Assert.Equal((0, "tool-made-once\n"), await RunAsync(mine));
        Assert.Equal((0, "tool-made-once\n"), await RunAsync(mine));
        var (code, output) = await RunAsync("submit", "longtask", "-a", "steps=2", "--id", "tool-made-once");
        Assert.Equal(5, code);
        Assert.Contains("Another job has this id. (409)", output, StringComparison.Ordinal);

        var first = await RunAsync("submit", "longtask", "-a", "steps=1", "--idempotency-key", "tool/7");
        Assert.Equal(first, await RunAsync("submit", "longtask", "-a", "steps=1", "--idempotency-key", "tool/7"));
        Assert.Equal(0, first.Code);
    }

    [Fact]
    public async Task Submit_WithEveryOption_IsTaken()
    {
        var (code, output) = await RunAsync("submit", "longtask", """{"steps":1}""", "--queue", "side", "--priority", "9", "--eta", "2030-01-31T12:00:00Z", "--expires", "1000d",
            "--attempts", "5", "--timeout", "1.5s", "--retention", "7d", "--tag", "tenant=acme");
        Assert.Equal(0, code);
        Assert.Equal(0, (await RunAsync("submit", "longtask", "--countdown", "1h30m")).Code);
        Assert.Equal(0, (await RunAsync("cancel", output.Trim())).Code);
    }

    [Fact]
    public async Task Queue_IsPausedAndResumed()
    {
        Assert.Equal(0, (await RunAsync("pause", "tool-queue", "--reason", "maintenance")).Code);
        Assert.Contains("maintenance", (await RunAsync("queues")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("resume", "tool-queue")).Code);
        Assert.DoesNotContain("maintenance", (await RunAsync("queues")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Figures_AreThere()
    {
        Assert.Matches(@"Running +\d+ of [1-9]\d* slots", (await RunAsync("stats")).Output);
        Assert.Contains("book, give-back, hash-file, longtask, sum, tally, trip, wordcount", (await RunAsync("silos")).Output, StringComparison.Ordinal);
        Assert.Contains("longtask\tdefault\t1\t", (await RunAsync("types")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_ThatDoesNotFitTheSchema_NamesTheMember()
    {
        var (code, output) = await RunAsync("submit", "longtask", """{"steps":"many"}""");
        Assert.Equal(5, code);
        Assert.Contains("/args/steps: ", output, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var surroundings = new Surroundings(
            AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(output) }),
            output, output, TextReader.Null, _ => null, new SocketsHttpHandler(), TimeProvider.System);
        var code = await new ToolApp(surroundings).RunAsync(["--url", grid.Address.ToString(), .. arguments]);
        return (code, output.ToString());
    }
}
