using System.Text;
using System.Text.Json;
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
    public async Task Submit_OfManyLines_MakesEachOnce_HoweverOftenItIsRun()
    {
        // Some with an id of their own, some with a key, one after another, one wrong: each goes its own way to be made once.
        var lines = Enumerable.Range(1, 300).Select(i => i switch
        {
            7 => "{\"type\":\"longtask\",",
            _ when i % 10 == 0 => $$$"""{"type":"longtask","id":"bulk-{{{i}}}","args":{"steps":1,"stepMs":1},"tags":{"story":"bulk"}}""",
            _ when i % 10 == 1 => $$$"""{"type":"longtask","key":"bulk/{{{i % 3}}}","args":{"steps":1,"stepMs":{{{i}}}},"tags":{"story":"bulk"}}""",
            15 => """{"type":"longtask","after":["bulk-20"],"args":{"steps":1,"stepMs":1},"tags":{"story":"bulk"}}""",
            // All of them alike.
            _ => """{"type":"longtask","args":{"steps":1,"stepMs":1},"tags":{"story":"bulk"}}""",
        }).ToArray();
        string[] command = ["submit", "-", "--keep-going", "--json", "--idempotency-key", "bulk", "--batch", "100"];

        var first = await RunAsync(string.Join('\n', lines), command);
        Assert.Equal(5, first.Code);
        var ids = Ids(first.Output);
        Assert.Equal(299, ids.Count);
        Assert.Equal(299, ids.Values.Distinct().Count());
        Assert.Equal(Enumerable.Range(1, 300).Where(i => i != 7).Select(i => (long)i), ids.Keys);

        // The wrong one is mended, and takes the place that was its own.
        lines[6] = """{"type":"longtask","args":{"steps":1,"stepMs":7},"tags":{"story":"bulk"}}""";
        var again = await RunAsync(string.Join('\n', lines), command);
        Assert.Equal(0, again.Code);
        var same = Ids(again.Output);
        Assert.Equal(300, same.Count);
        Assert.All(ids, one => Assert.Equal(one.Value, same[one.Key]));
        Assert.Equal(300, (await RunAsync("list", "--where", "tag.story=bulk", "--limit", "1000", "--json")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);

        static SortedDictionary<long, string> Ids(string output) => new(output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.StartsWith("{\"line\":", StringComparison.Ordinal))
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line)).Where(line => line.TryGetProperty("job", out _))
            .ToDictionary(line => line.GetProperty("line").GetInt64(), line => line.GetProperty("job").GetProperty("id").GetString()!));
    }

    [Fact]
    public async Task Top_WithoutATerminal_ShowsTheGridOnce()
    {
        var (code, output) = await RunAsync("top");
        Assert.Equal(0, code);
        Assert.Matches(@"Running +\d+ of [1-9]\d* slots", output);
        Assert.Contains("\nSILO\tBUSY\tSLOTS\tPARTITIONS\tDOES\n", output, StringComparison.Ordinal);
        var json = JsonSerializer.Deserialize<JsonElement>((await RunAsync("top", "--json")).Output);
        Assert.Equal("minute", json.GetProperty("history").GetProperty("step").GetString());
        Assert.True(json.GetProperty("stats").GetProperty("slots").GetInt32() > 0);
    }

    [Fact]
    public async Task Submit_ThatDoesNotFitTheSchema_NamesTheMember()
    {
        var (code, output) = await RunAsync("submit", "longtask", """{"steps":"many"}""");
        Assert.Equal(5, code);
        Assert.Contains("/args/steps: ", output, StringComparison.Ordinal);
    }

    private Task<(int Code, string Output)> RunAsync(params string[] arguments) => RunAsync("", arguments);

    private async Task<(int Code, string Output)> RunAsync(string input, string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var surroundings = new Surroundings(
            AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(output) }),
            output, output, TextReader.Null, _ => null, new SocketsHttpHandler(), TimeProvider.System)
        {
            OpenInput = () => new MemoryStream(Encoding.UTF8.GetBytes(input)),
        };
        var code = await new ToolApp(surroundings).RunAsync(["--url", grid.Address.ToString(), .. arguments]);
        return (code, output.ToString());
    }
}
