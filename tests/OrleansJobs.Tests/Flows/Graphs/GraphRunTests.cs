using System.Text.Json;
using OrleansJobs.Flows.Graphs;

namespace OrleansJobs.Tests.Flows.Graphs;

public sealed class GraphRunTests
{
    /// <summary>Drawn graphs, whose children end in drawn order, with the flow run from the top after each few: they come to what reckoning says.</summary>
    [Fact]
    public async Task DrawnGraphs_ComeToWhatReckoningSays()
    {
        var (succeeded, failed, children) = (0, 0, 0);
        for (var seed = 0; seed < 2000; seed++)
        {
            var drawn = new DrawnGraph(seed);
            Assert.Empty(GraphRules.Check(drawn.Graph, new(), DateTimeOffset.UnixEpoch));
            var expected = new DirectEvaluation(drawn);
            var (flow, end) = await RunAsync(drawn.Graph, drawn.OutcomeOf, new Random(seed));
            children += flow.Asked.Count;
            Assert.True(expected.IsFailed == (end.Exception is not null), $"seed {seed}: {drawn.Json.ToJsonString()}\n{end.Exception}");
            if (expected.IsFailed)
            {
                failed++;
                Assert.IsType<GiveUpException>(end.Exception!.InnerException);
                continue;
            }

            succeeded++;
            Assert.Equal(expected.Result?.ToJsonString() ?? "null", (await end).GetRawText());
            Assert.Equal(expected.Started.OrderBy(child => child.Key, StringComparer.Ordinal), flow.Asked.ToDictionary(child => child.Key, child => child.Value.Args).OrderBy(child => child.Key, StringComparer.Ordinal));
        }

        Assert.InRange(succeeded, 500, 1900);
        Assert.InRange(failed, 100, 1500);
        Assert.True(children > 4000);
    }

    [Fact]
    public async Task TheGraphOfTheDocuments_EndsWith84()
    {
        var graph = Parse("""
            {"jobs":[
              {"name":"split","type":"wordcount","args":{"text":"to be or not to be"}},
              {"name":"a","type":"longtask","args":{"steps":3,"stepMs":10},"after":["split"]},
              {"name":"b","type":"longtask","args":{"steps":5,"stepMs":10},"after":["split"]},
              {"name":"sum","type":"sum","args":{"values":[{"$ref":"a.result"},{"$ref":"b.result"}]},"after":["a","b"]}],
             "result":{"$ref":"sum.result"}, "onFailure":"cancel"}
            """);
        var (flow, end) = await RunAsync(graph, (name, args) => new(name switch
        {
            "sum" => JsonSerializer.SerializeToElement(JsonElement.Parse(args).GetProperty("values").EnumerateArray().Sum(value => value.GetInt32())),
            "split" => JsonElement.Parse("""{"words":6}"""),
            _ => JsonElement.Parse("42"),
        }), new Random(1));
        Assert.Equal("84", (await end).GetRawText());
        Assert.Equal("""{"values":[42,42]}""", flow.Asked["sum"].Args);
    }

    [Fact]
    public async Task AFailureThatNobodyDealsWith_EndsTheFlowWhileOthersRun()
    {
        var graph = Parse("""{"jobs":[{"name":"bad","type":"t"},{"name":"slow","type":"t"},{"name":"next","type":"t","after":["slow"]}]}""");
        var flow = new FakeFlow();
        flow.Ended["bad"] = new(null, "broken");
        var failed = await Assert.ThrowsAsync<GiveUpException>(() => new GraphRun(GraphShape.Of(graph), flow).RunAsync());
        Assert.Equal("broken", failed.Code);
        Assert.Contains("bad", failed.Message, StringComparison.Ordinal);
        Assert.Equal(["slow"], flow.Open.Select(child => child.Key));
    }

    [Fact]
    public async Task AJobThatFollowsAFailure_RunsInPlaceOfTheEnd()
    {
        var graph = Parse("""
            {"jobs":[{"name":"charge","type":"t"},{"name":"ship","type":"t","after":["charge"]},
                     {"name":"refund","type":"t","args":{"why":{"$ref":"charge.error/code"},"state":{"$ref":"ship.state"}},"after":[{"job":"charge","on":"failure"},{"job":"ship","on":"end"}]}],
             "result":{"$ref":"refund.result"}}
            """);
        var (flow, end) = await RunAsync(graph, (name, _) => name == "charge" ? new(null, "declined") : new(JsonElement.Parse("1")), new Random(1));
        Assert.Equal("1", (await end).GetRawText());
        Assert.Equal("""{"why":"declined","state":"SKIPPED"}""", flow.Asked["refund"].Args);
        Assert.DoesNotContain("ship", flow.Asked.Keys);
    }

    [Theory]
    [InlineData("""{"a":1}""", "runs for each element of an array, and was given an object")]
    [InlineData("null", "runs for each element of an array, and was given null")]
    public async Task EachOfSomethingElse_SaysWhatItWasGiven(string result, string message)
    {
        var graph = Parse("""{"jobs":[{"name":"a","type":"t"},{"name":"b","type":"t","each":{"$ref":"a.result"}}]}""");
        var (_, end) = await RunAsync(graph, (_, _) => new(JsonElement.Parse(result)), new Random(1));
        var failed = Assert.IsType<GiveUpException>(end.Exception!.InnerException);
        Assert.Equal(JobErrorCodes.BadArgs, failed.Code);
        Assert.Contains(message, failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEmptyEach_IsAnEmptyArray()
    {
        var graph = Parse("""{"jobs":[{"name":"a","type":"t","each":[]},{"name":"b","type":"t","args":{"all":{"$ref":"a.result"}}}],"result":{"$ref":"b.result"}}""");
        var (flow, end) = await RunAsync(graph, (_, _) => new(JsonElement.Parse("7")), new Random(1));
        Assert.Equal("7", (await end).GetRawText());
        Assert.Equal("""{"all":[]}""", flow.Asked["b"].Args);
    }

    [Fact]
    public async Task OptionsOfAJob_AreThoseOfItsChildren()
    {
        var graph = Parse("""{"jobs":[{"name":"a","type":"t","queue":"q","priority":7,"attempts":2,"timeout":1.5,"countdown":60,"tags":{"x":"y"},"weight":3}]}""");
        var (flow, _) = await RunAsync(graph, (_, _) => new(JsonElement.Parse("1")), new Random(1));
        var options = flow.Asked["a"].Options;
        Assert.Equal(("q", 7, 2, 1.5, 60.0, 3), (options.Queue, options.Priority, options.Attempts, options.Timeout!.Value.TotalSeconds, options.Countdown!.Value.TotalSeconds, options.Weight));
        Assert.Equal([new JobTag("x", "y")], options.Tags);
        Assert.Equal("{}", flow.Asked["a"].Args);
    }

    [Fact]
    public async Task AChainOfAThousand_IsNoRecursion()
    {
        var graph = new FlowGraph { Jobs = [.. Enumerable.Range(0, FlowGraph.MaxJobs).Reverse().Select(i => new GraphJob { Name = $"j{i}", Type = "t", After = i == 0 ? [] : [$"j{i - 1}"] })] };
        Assert.Empty(GraphRules.Check(graph, new(), DateTimeOffset.UnixEpoch));
        var flow = new FakeFlow();
        foreach (var job in graph.Jobs) flow.Ended[job.Name] = new(JsonElement.Parse("1"));
        Assert.Equal("null", (await new GraphRun(GraphShape.Of(graph), flow).RunAsync()).GetRawText());
        Assert.Equal(FlowGraph.MaxJobs, flow.Asked.Count);
    }

    private static FlowGraph Parse(string json) => JsonSerializer.Deserialize<FlowGraph>(json, JobJson.Options)!;

    /// <summary>Runs the flow again and again from the top, some of what is open having ended each time.</summary>
    private static async Task<(FakeFlow Flow, Task<JsonElement> End)> RunAsync(FlowGraph graph, Func<string, string, FakeFlow.Outcome> outcomeOf, Random random)
    {
        // Without a context of the test's, nothing is put off: what can go on has gone on when the call returns.
        return await Task.Run(() =>
        {
            var flow = new FakeFlow();
            while (true)
            {
                flow.Open.Clear();
                var end = new GraphRun(GraphShape.Of(graph), flow).RunAsync();
                if (end.IsCompleted) return Task.FromResult((flow, end));
                Assert.NotEmpty(flow.Open);
                foreach (var child in flow.Open.OrderBy(_ => random.Next()).Take(1 + random.Next(3)).ToList()) flow.Ended[child.Key] = outcomeOf(child.Key, child.Args);
            }
        });
    }
}
