using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobs.Bench.Agents;

/// <summary>What the agent does as a silo: tells what its handlers noted, and how much memory it uses.</summary>
internal sealed class SiloOps(BenchJobs jobs, BenchFlows flows)
{
    public IEnumerable<KeyValuePair<string, Func<JsonElement, Task<JsonObject>>>> All =>
    [
        new("lateness", _ => Task.FromResult(Lateness())),
        new("worked", _ => Task.FromResult(Worked())),
        new("held", _ => Task.FromResult(Held())),
        new("resumed", _ => Task.FromResult(Resumed())),
        new("memory", _ => Task.FromResult(Memory())),
        new("collect", _ => Task.FromResult(Collect())),
    ];

    private JsonObject Lateness()
    {
        var late = new JsonArray();
        while (jobs.Late.TryDequeue(out var milliseconds)) late.Add((JsonNode)milliseconds);
        return new() { ["ms"] = late };
    }

    /// <summary>How many jobs of each key started in each second since this was asked last.</summary>
    private JsonObject Worked()
    {
        var seconds = new Dictionary<(long, string), int>();
        while (jobs.Worked.TryDequeue(out var start))
        {
            var second = ((long)(start.At / 1000), start.Key);
            seconds[second] = seconds.GetValueOrDefault(second) + 1;
        }

        return new() { ["starts"] = new JsonArray([.. seconds.Select(one => new JsonObject { ["second"] = one.Key.Item1, ["key"] = one.Key.Item2, ["jobs"] = one.Value })]) };
    }

    private JsonObject Resumed()
    {
        var at = new JsonArray();
        while (flows.Resumed.TryDequeue(out var milliseconds)) at.Add((JsonNode)milliseconds);
        return new() { ["at"] = at, ["parked"] = flows.Parked };
    }

    private JsonObject Held() => new()
    {
        ["starts"] = new JsonArray([.. jobs.Held.Select(start => new JsonObject { ["at"] = start.At, ["again"] = start.Again })]),
    };

    private static JsonObject Memory() => new()
    {
        ["allocated"] = GC.GetTotalAllocatedBytes(),
        ["heap"] = GC.GetTotalMemory(forceFullCollection: false),
        ["collections"] = GC.CollectionCount(0),
        ["pauses"] = GC.GetTotalPauseDuration().TotalMilliseconds,
    };

    private static JsonObject Collect()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return Memory();
    }
}
