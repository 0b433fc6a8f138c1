using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobs;

/// <summary>
/// Makes graphs in code, in Celery's words: <c>Flow.Chord([Flow.Job("resize", a), Flow.Job("resize", b)], Flow.Job("zip", new { files = Flow.Previous }))</c>.
/// </summary>
public static class Flow
{
    /// <summary>In arguments: the result of what comes before in the chain; where that is a group, the array of its results.</summary>
    public static JsonObject Previous => new() { [FlowPart.PreviousMember] = true };

    /// <summary>In arguments of an <see cref="Each"/>: the element that the job runs for.</summary>
    public static JsonObject Value => Ref("each.value");

    /// <summary>In arguments of an <see cref="Each"/>: the element's place.</summary>
    public static JsonObject Index => Ref("each.index");

    /// <summary>In arguments: something of a job of the same flow, such as <c>split.result/words</c>.</summary>
    public static JsonObject Ref(string text) => new() { [GraphRef.Member] = text };

    /// <summary>In arguments: a value that is not searched for references, though it may look like one.</summary>
    public static JsonObject Literal(object? value) => new() { [GraphRef.Literal] = JsonSerializer.SerializeToNode(value, JobJson.Options) };

    /// <summary>One job.</summary>
    /// <param name="args">Written as JSON; may hold references.</param>
    /// <param name="name">What others refer to it by. Null: its type, with a number where that is taken.</param>
    public static FlowPart Job(string type, object? args = null, string? name = null, ChildOptions? options = null) =>
        new JobPart(type, args, null, name, options ?? ChildOptions.Default);

    /// <summary>One job for each element.</summary>
    /// <param name="items">An array, or a reference to one.</param>
    /// <inheritdoc cref="Job"/>
    public static FlowPart Each(object items, string type, object? args = null, string? name = null, ChildOptions? options = null) =>
        new JobPart(type, args, items, name, options ?? ChildOptions.Default);

    /// <summary>One after the other, each when the one before has succeeded.</summary>
    public static FlowPart Chain(params IReadOnlyList<FlowPart> parts) => new ChainPart(parts);

    /// <summary>Beside each other.</summary>
    public static FlowPart Group(params IReadOnlyList<FlowPart> parts) => new GroupPart(parts);

    /// <summary>A group, and what follows when all of it has succeeded.</summary>
    public static FlowPart Chord(IReadOnlyList<FlowPart> group, FlowPart then) => Chain(Group(group), then);
}

/// <summary>Part of a flow that is being made.</summary>
public abstract class FlowPart
{
    internal const string PreviousMember = "$previous";

    private protected FlowPart()
    {
    }

    /// <summary>The flow. Its result is that of the last job, or the array of those of the last group.</summary>
    /// <exception cref="ArgumentException">A name is given twice, or arguments cannot be written as JSON.</exception>
    public FlowGraph ToGraph(GraphFailure onFailure = GraphFailure.Cancel)
    {
        var building = new Building();
        var (_, result) = Add(building, [], null);
        return new() { Jobs = building.Jobs, Result = result is null ? null : JsonSerializer.SerializeToElement(result), OnFailure = onFailure };
    }

    /// <param name="after">Names of what comes before.</param>
    /// <param name="previous">What stands for its result; null: nothing comes before.</param>
    /// <returns>The names that whatever comes next follows, and what stands for their result.</returns>
    private protected abstract (IReadOnlyList<string> After, JsonNode? Previous) Add(Building building, IReadOnlyList<string> after, JsonNode? previous);

    private protected static (IReadOnlyList<string> After, JsonNode? Previous) Add(FlowPart part, Building building, IReadOnlyList<string> after, JsonNode? previous) =>
        part.Add(building, after, previous);

    private protected sealed class Building
    {
        private readonly HashSet<string> _names = new(StringComparer.Ordinal);

        public List<GraphJob> Jobs { get; } = [];

        public string Name(string? given, string type)
        {
            if (given is not null) return _names.Add(given) ? given : throw new ArgumentException($"Two jobs of the flow have the name '{given}'.");
            // A type may have dots, a name may not.
            var stem = type.Replace('.', '-');
            var name = stem;
            for (var number = 2; !_names.Add(name); number++) name = $"{stem}-{number}";
            return name;
        }
    }
}

internal sealed class JobPart(string type, object? args, object? items, string? name, ChildOptions options) : FlowPart
{
    private protected override (IReadOnlyList<string> After, JsonNode? Previous) Add(Building building, IReadOnlyList<string> after, JsonNode? previous)
    {
        var own = building.Name(name, type);
        building.Jobs.Add(new()
        {
            Name = own,
            Type = type,
            Args = args is null ? null : Write(args, previous),
            Each = items is null ? null : Write(items, previous),
            After = [.. after.Select(before => new GraphEdge(before))],
            Queue = options.Queue,
            Priority = options.Priority,
            Attempts = options.Attempts,
            Timeout = options.Timeout,
            Countdown = options.Countdown,
            Tags = options.Tags,
            Weight = options.Weight,
            Key = options.Key,
            KeyWeight = options.KeyWeight,
        });
        return ([own], Flow.Ref(own + ".result"));
    }

    private static JsonElement Write(object value, JsonNode? previous)
    {
        var node = JsonSerializer.SerializeToNode(value, JobJson.Options);
        return JsonSerializer.SerializeToElement(Replace(node, previous));
    }

    private static JsonNode? Replace(JsonNode? node, JsonNode? previous)
    {
        switch (node)
        {
            case JsonObject json when json.ContainsKey(PreviousMember):
                return previous?.DeepClone() ?? throw new ArgumentException("Nothing comes before this job, so there is no previous result.");
            case JsonObject json when !json.ContainsKey(GraphRef.Literal):
                foreach (var member in json.ToArray())
                {
                    if (Replace(member.Value, previous) is var replaced && !ReferenceEquals(replaced, member.Value)) json[member.Key] = replaced;
                }

                return json;
            case JsonArray array:
                for (var i = 0; i < array.Count; i++)
                {
                    if (Replace(array[i], previous) is var replaced && !ReferenceEquals(replaced, array[i])) array[i] = replaced;
                }

                return array;
            default: return node;
        }
    }
}

internal sealed class ChainPart(IReadOnlyList<FlowPart> parts) : FlowPart
{
    private protected override (IReadOnlyList<string> After, JsonNode? Previous) Add(Building building, IReadOnlyList<string> after, JsonNode? previous)
    {
        foreach (var part in parts) (after, previous) = Add(part, building, after, previous);
        return (after, previous);
    }
}

internal sealed class GroupPart(IReadOnlyList<FlowPart> parts) : FlowPart
{
    private protected override (IReadOnlyList<string> After, JsonNode? Previous) Add(Building building, IReadOnlyList<string> after, JsonNode? previous)
    {
        // An empty group has ended when it begins: what comes next follows what came before.
        if (parts.Count == 0) return (after, new JsonArray());
        var (ends, results) = (new List<string>(), new JsonArray());
        foreach (var part in parts)
        {
            var (names, result) = Add(part, building, after, previous);
            ends.AddRange(names);
            results.Add(result?.DeepClone());
        }

        return ([.. ends.Distinct(StringComparer.Ordinal)], results);
    }
}
