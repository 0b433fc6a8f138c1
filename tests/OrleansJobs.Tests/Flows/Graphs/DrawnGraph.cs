using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobs.Tests.Flows.Graphs;

/// <summary>A graph that breaks no rule, drawn, and how each of its jobs will end.</summary>
internal sealed class DrawnGraph
{
    private readonly Random _random;
    private readonly List<JsonObject> _jobs = [];
    private readonly HashSet<string> _failing = [];

    public DrawnGraph(int seed)
    {
        _random = new Random(seed);
        var count = 1 + _random.Next(12);
        for (var i = 0; i < count; i++) _jobs.Add(Job(i));
        Json = new JsonObject { ["jobs"] = new JsonArray([.. _jobs.OrderBy(_ => _random.Next()).Select(job => job.DeepClone())]) };
        if (_random.Next(2) == 0) Json["onFailure"] = "continue";
        if (_random.Next(3) > 0) Json["result"] = Args(count, inEach: false);
        Graph = JsonSerializer.Deserialize<FlowGraph>(Json, JobJson.Options)!;
    }

    public JsonObject Json { get; }
    public FlowGraph Graph { get; }

    /// <summary>What a child makes of its arguments, the same whenever it is asked.</summary>
    public FakeFlow.Outcome OutcomeOf(string key, string args) =>
        _failing.Contains(key) ? new(null, "broken") : new(JsonSerializer.SerializeToElement(new { key, args, list = new[] { key, "b" } }));

    private JsonObject Job(int index)
    {
        var name = $"j{index}";
        var job = new JsonObject { ["name"] = name, ["type"] = "work" };
        var after = new JsonArray();
        for (var i = 0; i < index; i++)
        {
            if (_random.Next(4) > 0) continue;
            var on = _random.Next(6) switch { 0 => "end", 1 => "failure", _ => "success" };
            after.Add(on == "success" && _random.Next(2) == 0 ? JsonValue.Create($"j{i}") : new JsonObject { ["job"] = $"j{i}", ["on"] = on });
        }

        if (after.Count > 0) job["after"] = after;
        var isEach = _random.Next(5) == 0;
        if (isEach)
        {
            var single = _jobs.FindAll(before => !before.ContainsKey("each"));
            job["each"] = single.Count > 0 && _random.Next(2) == 0
                ? Ref($"{single[_random.Next(single.Count)]["name"]}.result/list")
                : new JsonArray([.. Enumerable.Range(0, _random.Next(4)).Select(item => (JsonNode)new JsonObject { ["n"] = item })]);
        }

        if (_random.Next(4) > 0) job["args"] = Args(index, isEach);
        if (_random.Next(6) == 0) _failing.Add(isEach ? $"{name}[1]" : name);
        return job;
    }

    private JsonNode Args(int before, bool inEach)
    {
        var args = new JsonObject { ["plain"] = _random.Next(100), ["literal"] = new JsonObject { ["$literal"] = Ref("not.one") } };
        for (var i = 0; i < _random.Next(4); i++)
        {
            if (inEach && _random.Next(3) == 0) args[$"r{i}"] = Ref(_random.Next(2) == 0 ? "each.value" : "each.index");
            else if (before > 0) args[$"r{i}"] = new JsonArray(Ref(Text(_random.Next(before))));
        }

        return args;
    }

    private string Text(int index)
    {
        var isEach = _jobs[index].ContainsKey("each");
        return $"j{index}." + _random.Next(8) switch
        {
            0 => "state",
            1 => "error",
            2 => isEach ? "result/0" : "result/key",
            3 => "result/nothing",
            _ => "result",
        };
    }

    private static JsonObject Ref(string text) => new() { ["$ref"] = text };
}
