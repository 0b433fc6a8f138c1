using System.Text.Json;

namespace OrleansJobs.Tests.Flows.Graphs;

public sealed class GraphRulesTests
{
    [Theory]
    [InlineData("[]", "")]
    [InlineData("{}", "/jobs")]
    [InlineData("""{"jobs":[]}""", "/jobs")]
    [InlineData("""{"jobs":{}}""", "/jobs")]
    [InlineData("""{"jobs":[{"name":"a","type":"t"}],"more":1}""", "/more")]
    [InlineData("""{"jobs":[{"name":"a","type":"t"}],"onFailure":"stop"}""", "/onFailure")]
    [InlineData("""{"jobs":[5]}""", "/jobs/0")]
    [InlineData("""{"jobs":[{"type":"t"}]}""", "/jobs/0/name")]
    [InlineData("""{"jobs":[{"name":"a"}]}""", "/jobs/0/type")]
    [InlineData("""{"jobs":[{"name":"a","name":"b","type":"t"}]}""", "/jobs/0/name")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","arg":1}]}""", "/jobs/0/arg")]
    [InlineData("""{"jobs":[{"name":"a.b","type":"t"}]}""", "/jobs/0/name")]
    [InlineData("""{"jobs":[{"name":"each","type":"t"}]}""", "/jobs/0/name")]
    [InlineData("""{"jobs":[{"name":"a","type":"t"},{"name":"a","type":"t"}]}""", "/jobs/1/name")]
    [InlineData("""{"jobs":[{"name":"a","type":"oj-flow"}]}""", "/jobs/0/type")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","queue":"oj-flows"}]}""", "/jobs/0/queue")]
    [InlineData("""{"jobs":[{"name":"a","type":"t u"}]}""", "/jobs/0/type")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","priority":10}]}""", "/jobs/0/priority")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","timeout":-1}]}""", "/jobs/0/timeout")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","countdown":"5"}]}""", "/jobs/0/countdown")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","weight":0}]}""", "/jobs/0/weight")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","tags":{"a":1}}]}""", "/jobs/0/tags/a")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","after":"b"}]}""", "/jobs/0/after")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","after":["b"]}]}""", "/jobs/0/after/0")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","after":["a"]}]}""", "/jobs/0/after/0")]
    [InlineData("""{"jobs":[{"name":"a","type":"t"},{"name":"b","type":"t","after":["a","a"]}]}""", "/jobs/1/after/1")]
    [InlineData("""{"jobs":[{"name":"a","type":"t"},{"name":"b","type":"t","after":[{"job":"a","on":"later"}]}]}""", "/jobs/1/after/0/on")]
    [InlineData("""{"jobs":[{"name":"a","type":"t"},{"name":"b","type":"t","after":[{"on":"end"}]}]}""", "/jobs/1/after/0/job")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","after":["b"]},{"name":"b","type":"t","after":["a"]}]}""", "/jobs/0/after/0,/jobs/1/after/0")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","args":{"x":{"$ref":"b.result"}}},{"name":"b","type":"t","after":["a"]}]}""", "/jobs/0/args/x/$ref,/jobs/1/after/0")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","args":{"x":[{"$ref":"b.result"}]}}]}""", "/jobs/0/args/x/0/$ref")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","args":{"$ref":"a.result"}}]}""", "/jobs/0/args/$ref")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","args":{"$ref":"each.value"}}]}""", "/jobs/0/args/$ref")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","each":{"$ref":"each.value"}}]}""", "/jobs/0/each/$ref")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","each":{"x":1}}]}""", "/jobs/0/each")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","each":5}]}""", "/jobs/0/each")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","args":{"x":{"$ref":5}}}]}""", "/jobs/0/args/x/$ref")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","args":{"x":{"$ref":"a"}}}]}""", "/jobs/0/args/x/$ref")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","args":{"x":{"$ref":"a.results"}}}]}""", "/jobs/0/args/x/$ref")]
    [InlineData("""{"jobs":[{"name":"a","type":"t"}],"result":{"$ref":"a.result/~2"}}""", "/result/$ref")]
    [InlineData("""{"jobs":[{"name":"a","type":"t"}],"result":{"$ref":"a.state/x"}}""", "/result/$ref")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","args":{"x":{"$ref":"b.result","y":1}}}]}""", "/jobs/0/args/x")]
    [InlineData("""{"jobs":[{"name":"a","type":"t"}],"result":{"$ref":"b.result"}}""", "/result/$ref")]
    [InlineData("""{"jobs":[{"name":"a","type":"t"}],"result":{"$ref":"each.value"}}""", "/result/$ref")]
    public void WhatIsWrong_IsPointedAt(string json, string pointers) =>
        Assert.Equal(pointers, string.Join(',', Check(json).Select(problem => problem.Pointer)));

    [Theory]
    [InlineData("""{"jobs":[{"name":"a","type":"t"}]}""")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","args":{"$literal":{"$ref":"nobody"}}}]}""")]
    [InlineData("""{"jobs":[{"name":"a","type":"t","args":{"i":{"$ref":"each.index"}},"each":[1,{"$ref":"b.result"}]},{"name":"b","type":"t"}],"result":[{"$ref":"a.result/0"},{"$ref":"a.state"}]}""")]
    public void WhatIsRight_IsTaken_AndIsTheSameWhenWrittenAndReadAgain(string json)
    {
        Assert.Empty(Check(json));
        var graph = JsonSerializer.Deserialize<FlowGraph>(json, JobJson.Options)!;
        Assert.Equal(json, JsonSerializer.Serialize(graph, JobJson.Options).Replace("\\u0024", "$", StringComparison.Ordinal));
    }

    [Fact]
    public void TooManyJobs_AreNotReadToTheEnd() =>
        Assert.Equal("/jobs", Check($$"""{"jobs":[{{string.Join(',', Enumerable.Repeat("1", FlowGraph.MaxJobs + 1))}}]}""")[0].Pointer);

    private static List<SubmissionProblem> Check(string json)
    {
        var problems = new List<SubmissionProblem>();
        var graph = GraphReader.Read(JsonElement.Parse(json), problems);
        return problems.Count > 0 ? problems : GraphRules.Check(graph, new(), DateTimeOffset.UnixEpoch);
    }
}
