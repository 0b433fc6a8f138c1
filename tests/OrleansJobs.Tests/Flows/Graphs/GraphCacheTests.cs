using System.Text;
using System.Text.Json;
using OrleansJobs.Flows.Graphs;

namespace OrleansJobs.Tests.Flows.Graphs;

public class GraphCacheTests
{
    private int _reads;

    [Fact]
    public void WhatWasRead_IsNotReadAgain_AndWhatDiffersIs()
    {
        var cache = new GraphCache(10_000);
        var first = Read(cache, "a");
        Assert.Same(first, Read(cache, "a"));
        Assert.NotSame(first, Read(cache, "b"));
        Assert.Equal(2, _reads);
    }

    [Fact]
    public void TheOnesThatWereNotAskedForLongest_GoFirst()
    {
        var size = Json("0").Length;
        var cache = new GraphCache(4 * size);
        foreach (var name in (string[])["0", "1", "2", "3"]) Read(cache, name);
        Read(cache, "0");
        Read(cache, "4");
        Assert.Equal((4, 5), (cache.Count, _reads));
        Read(cache, "0");
        Assert.Equal(5, _reads);
        Read(cache, "1");
        Assert.Equal(6, _reads);
    }

    [Fact]
    public void AGraphThatWouldTakeMostOfTheRoom_IsNotKept()
    {
        var cache = new GraphCache(Json("0").Length * 2);
        Read(cache, "0");
        Assert.Equal(0, cache.Count);
    }

    [Fact]
    public void OneThatCannotBeRead_IsNotKept()
    {
        var cache = new GraphCache(10_000);
        Assert.Throws<JsonException>(() => cache.Of("{}"u8, static _ => throw new JsonException("no")));
        Assert.Equal(0, cache.Count);
    }

    [Fact]
    public void DrawnUse_KeepsWithinItsBounds_AndAnswersRight()
    {
        var random = new Random(1);
        var cache = new GraphCache(20 * Json("000").Length);
        for (var i = 0; i < 5000; i++)
        {
            var name = random.Next(60).ToString("D3", System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal(name, Read(cache, name).Nodes[0].Job.Name);
            Assert.InRange(cache.Count, 1, 20);
        }

        Assert.InRange(_reads, 60, 4999);
    }

    private GraphShape Read(GraphCache cache, string name) => cache.Of(Json(name), json =>
    {
        _reads++;
        return GraphShape.Of(JsonSerializer.Deserialize<FlowGraph>(json)!);
    });

    private static byte[] Json(string name) => Encoding.UTF8.GetBytes($$"""{"jobs":[{"name":"{{name}}","type":"t"}]}""");
}
