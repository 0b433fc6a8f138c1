using System.Text.Json;

namespace OrleansJobs.Tests.Flows.Graphs;

/// <summary>The words of C# make the graphs that HTTP takes.</summary>
public sealed class FlowPartTests
{
    [Fact]
    public void Chord_IsAGroupAndWhatFollows() => Is(
        """{"jobs":[{"name":"resize","type":"resize","args":{"n":1}},{"name":"resize-2","type":"resize","args":{"n":2}},{"name":"zip","type":"zip","args":{"files":[{"$ref":"resize.result"},{"$ref":"resize-2.result"}]},"after":["resize","resize-2"]}],"result":{"$ref":"zip.result"}}""",
        Flow.Chord([Flow.Job("resize", new { n = 1 }), Flow.Job("resize", new { n = 2 })], Flow.Job("zip", new { files = Flow.Previous })));

    [Fact]
    public void Chain_ThatEndsInAGroup_HasItsResults() => Is(
        """{"jobs":[{"name":"a","type":"t.x"},{"name":"t-x","type":"t.x","args":{"from":{"$ref":"a.result"}},"after":["a"]},{"name":"c","type":"t","after":["a"]}],"result":[{"$ref":"t-x.result"},{"$ref":"c.result"}]}""",
        Flow.Chain(Flow.Job("t.x", name: "a"), Flow.Group(Flow.Job("t.x", new { from = Flow.Previous }), Flow.Job("t", name: "c"))));

    [Fact]
    public void GroupInAGroup_IsAnArrayInAnArray() => Is(
        """{"jobs":[{"name":"a","type":"t"},{"name":"b","type":"t"},{"name":"c","type":"t"},{"name":"d","type":"t","args":[{"$ref":"a.result"},[{"$ref":"b.result"},{"$ref":"c.result"}]],"after":["a","b","c"]}],"result":{"$ref":"d.result"}}""",
        Flow.Chord([Flow.Job("t", name: "a"), Flow.Group(Flow.Job("t", name: "b"), Flow.Job("t", name: "c"))], Flow.Job("t", Flow.Previous, "d")));

    [Fact]
    public void AnEmptyGroup_HasEndedWhenItBegins() => Is(
        """{"jobs":[{"name":"a","type":"t"},{"name":"b","type":"t","args":{"all":[]},"after":["a"]}],"result":{"$ref":"b.result"}}""",
        Flow.Chain(Flow.Job("t", name: "a"), Flow.Group(), Flow.Job("t", new { all = Flow.Previous }, "b")));

    [Fact]
    public void Each_RunsOverWhatComesBefore() => Is(
        """{"jobs":[{"name":"split","type":"split"},{"name":"word","type":"word","args":{"w":{"$ref":"each.value"},"i":{"$ref":"each.index"}},"after":["split"],"each":{"$ref":"split.result/words"}}],"result":{"$ref":"word.result"}}""",
        Flow.Chain(Flow.Job("split"), Flow.Each(Flow.Ref("split.result/words"), "word", new { w = Flow.Value, i = Flow.Index })));

    [Fact]
    public void Literals_AreLeftAlone() => Is(
        """{"jobs":[{"name":"a","type":"t","args":{"x":{"$literal":{"$previous":1}}}}],"result":{"$ref":"a.result"}}""",
        Flow.Job("t", new { x = Flow.Literal(new Dictionary<string, int> { ["$previous"] = 1 }) }, "a"));

    [Fact]
    public void WhatMakesNoSense_IsRefusedAtOnce()
    {
        Assert.Throws<ArgumentException>(() => Flow.Group(Flow.Job("t", name: "a"), Flow.Job("t", name: "a")).ToGraph());
        Assert.Throws<ArgumentException>(() => Flow.Job("t", new { x = Flow.Previous }).ToGraph());
        Assert.Equal("/jobs", GraphRules.Check(Flow.Group().ToGraph(), new(), DateTimeOffset.UnixEpoch)[0].Pointer);
    }

    private static void Is(string json, FlowPart part)
    {
        var graph = part.ToGraph();
        Assert.Empty(GraphRules.Check(graph, new(), DateTimeOffset.UnixEpoch));
        Assert.Equal(json, JsonSerializer.Serialize(graph, JobJson.Options));
    }
}
