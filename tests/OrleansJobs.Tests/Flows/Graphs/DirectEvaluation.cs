using System.Text.Json.Nodes;

namespace OrleansJobs.Tests.Flows.Graphs;

/// <summary>What a graph comes to, reckoned from its JSON by recursion, without a flow.</summary>
internal sealed class DirectEvaluation
{
    private readonly DrawnGraph _drawn;
    private readonly Dictionary<string, JsonObject> _jobs;
    private readonly Dictionary<string, (string State, JsonNode? Result, JsonNode? Error)> _ends = [];
    private readonly bool _continues;

    public DirectEvaluation(DrawnGraph drawn)
    {
        _drawn = drawn;
        _jobs = drawn.Json["jobs"]!.AsArray().ToDictionary(job => job!["name"]!.GetValue<string>(), job => job!.AsObject());
        _continues = drawn.Json["onFailure"]?.GetValue<string>() == "continue";
        foreach (var name in _jobs.Keys) EndOf(name);
        if (IsFailed || !drawn.Json.ContainsKey("result")) return;
        try
        {
            Result = Filled(drawn.Json["result"], null, isResult: true);
        }
        catch (InvalidOperationException)
        {
            IsFailed = true;
        }
    }

    /// <summary>Something ends the flow without success.</summary>
    public bool IsFailed { get; private set; }
    public JsonNode? Result { get; }

    /// <summary>Arguments of the children that are run, where nothing ends the flow before.</summary>
    public Dictionary<string, string> Started { get; } = [];

    private (string State, JsonNode? Result, JsonNode? Error) EndOf(string name)
    {
        if (_ends.TryGetValue(name, out var known)) return known;
        try
        {
            return _ends[name] = Reckon(name, _jobs[name]);
        }
        catch (InvalidOperationException)
        {
            IsFailed = true;
            return _ends[name] = ("SKIPPED", null, null);
        }
    }

    private (string State, JsonNode? Result, JsonNode? Error) Reckon(string name, JsonObject job)
    {
        var edges = (job["after"]?.AsArray() ?? []).Select(edge => edge is JsonObject known ? (known["job"]!.GetValue<string>(), known["on"]!.GetValue<string>()) : (edge!.GetValue<string>(), "success")).ToList();
        foreach (var text in Refs(job["args"]).Concat(Refs(job["each"])))
        {
            var other = text.Split('.')[0];
            if (other != "each" && edges.TrueForAll(edge => edge.Item1 != other)) edges.Add((other, "success"));
        }

        foreach (var (other, on) in edges)
        {
            var state = EndOf(other).State;
            if (!(on == "end" || (on == "success" && state == "SUCCESS") || (on == "failure" && state is "FAILURE"))) return ("SKIPPED", null, null);
        }

        var error = (JsonNode)new JsonObject { ["code"] = "broken", ["message"] = "It failed." };
        if (!job.ContainsKey("each"))
        {
            var outcome = Run(name, job["args"], null);
            if (outcome is not null) return ("SUCCESS", outcome, null);
            Fail(name);
            return ("FAILURE", null, error);
        }

        if (Filled(job["each"], null) is not JsonArray items) throw new InvalidOperationException("no array");
        var results = items.Select((item, index) => Run($"{name}[{index}]", job["args"], (item, index))).ToList();
        var failed = results.Count(result => result is null);
        if (failed == 0) return ("SUCCESS", new JsonArray([.. results.Select(result => result!.DeepClone())]), null);
        Fail(name);
        return ("FAILURE", null, new JsonObject { ["code"] = "error", ["message"] = $"{failed} of {results.Count} failed." });
    }

    private void Fail(string name)
    {
        var isHandled = _jobs.Values.Any(job => (job["after"]?.AsArray() ?? []).Any(edge => edge is JsonObject known && known["job"]!.GetValue<string>() == name && known["on"]!.GetValue<string>() != "success"));
        IsFailed |= !_continues && !isHandled;
    }

    private JsonNode? Run(string key, JsonNode? args, (JsonNode? Value, int Index)? item)
    {
        Started[key] = args is null ? "{}" : Filled(args, item)!.ToJsonString();
        return _drawn.OutcomeOf(key, Started[key]).Result is { } result ? JsonNode.Parse(result.GetRawText()) : null;
    }

    private static IEnumerable<string> Refs(JsonNode? node) => node switch
    {
        JsonObject json when json.ContainsKey("$literal") => [],
        JsonObject json when json["$ref"] is { } text => [text.GetValue<string>()],
        JsonObject json => json.SelectMany(member => Refs(member.Value)),
        JsonArray array => array.SelectMany(Refs),
        _ => [],
    };

    private JsonNode? Filled(JsonNode? node, (JsonNode? Value, int Index)? item, bool isResult = false)
    {
        switch (node)
        {
            case JsonObject json when json.ContainsKey("$literal"): return json["$literal"]?.DeepClone();
            case JsonObject json when json["$ref"] is { } text: return Value(text.GetValue<string>(), item, isResult)?.DeepClone();
            case JsonObject json: return new JsonObject(json.Select(member => KeyValuePair.Create(member.Key, Filled(member.Value, item, isResult))));
            case JsonArray array: return new JsonArray([.. array.Select(part => Filled(part, item, isResult))]);
            default: return node?.DeepClone();
        }
    }

    private JsonNode? Value(string text, (JsonNode? Value, int Index)? item, bool isResult)
    {
        if (text == "each.value") return item!.Value.Value;
        if (text == "each.index") return item!.Value.Index;
        var (name, part) = (text.Split('.')[0], text.Split('.')[1]);
        var end = EndOf(name);
        if (part == "state") return end.State;
        if (part == "error") return end.Error;
        if (end.State != "SUCCESS") return isResult ? throw new InvalidOperationException("not succeeded") : null;
        return part switch
        {
            "result" => end.Result,
            "result/0" => end.Result is JsonArray { Count: > 0 } array ? array[0] : throw new InvalidOperationException("nothing"),
            "result/nothing" => throw new InvalidOperationException("nothing"),
            _ => end.Result![part.Split('/')[1]] ?? throw new InvalidOperationException("nothing"),
        };
    }
}
