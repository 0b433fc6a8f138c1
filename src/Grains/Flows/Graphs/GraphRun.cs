using System.Text.Json;

namespace OrleansJobs.Flows.Graphs;

/// <summary>
/// One run of a graph. Each job is a task that awaits the tasks of those it follows, and then its own child: what waits, what is remembered and what is parked is
/// the flow's to say, not the graph's. So it keeps nothing, and awaits nothing but the flow.
/// </summary>
internal sealed class GraphRun(GraphShape shape, FlowContext flow)
{
    /// <summary>Bytes of the results of an <c>each</c> that are handed on together.</summary>
    private const int MaxGathered = 8 << 20;

    private readonly Task<GraphEnd>?[] _ends = new Task<GraphEnd>?[shape.Nodes.Length];
    private readonly TaskCompletionSource _failed = new();

    /// <summary>Of all jobs that run, as far as is known: one for an <c>each</c> whose array is not there yet.</summary>
    private long _weight;

    private IGraphHost? Host => flow as IGraphHost;

    public async Task<JsonElement> RunAsync()
    {
        _weight = shape.Nodes.Sum(static node => (long)node.Job.Weight);
        Told(0);
        foreach (var node in shape.InOrder) _ends[node.Index] = WatchedAsync(node);
        // The first failure that nobody deals with ends the flow at once; the others' children are cancelled with it.
        await await Task.WhenAny(Task.WhenAll(_ends!), _failed.Task);
        return shape.Graph.Result is { } result ? Fill(result, node => _ends[node.Index]!.Result, null, isResult: true) : Null;
    }

    /// <summary>
    /// This job is what makes up for those that it follows on their failure. Were they run again with all that had failed, they might succeed, and that would be for nothing.
    /// </summary>
    private void Settle(GraphNode node)
    {
        foreach (var link in node.After)
        {
            if (link is { On: DependencyOn.Failure, Node.Job: { Each: null, Name: var name } }) Host?.Settle(name, node.Job.Name);
        }
    }

    private void Told(long more) => Host?.Plan(_weight += more);

    private async Task<GraphEnd> WatchedAsync(GraphNode node)
    {
        try
        {
            return await EndOfAsync(node);
        }
        catch (Exception exception)
        {
            _failed.TrySetException(exception);
            throw;
        }
    }

    private async Task<GraphEnd> EndOfAsync(GraphNode node)
    {
        var before = new Dictionary<GraphNode, GraphEnd>(node.After.Count);
        foreach (var link in node.After) before[link.Node] = await _ends[link.Node.Index]!;
        if (!node.After.TrueForAll(link => link.IsMetBy(before[link.Node].State)))
        {
            Told(-node.Job.Weight);
            return GraphEnd.Skipped;
        }

        try
        {
            if (node.Job.Each is { } each)
            {
                var items = Items(node, Fill(each, known => before[known], null));
                if (items.Count > 0) Settle(node);
                return await EachAsync(node, items, before);
            }

            var job = flow.JobAsync(node.Job.Name, Describe(node, known => before[known], null, Tolerance.None));
            Settle(node);
            return GraphEnd.Of(await job);
        }
        catch (ChildFailedException failed) when (Tolerates(node))
        {
            return new(failed.State == JobState.Revoked ? GraphState.Revoked : GraphState.Failure, default, failed.Error);
        }
        catch (ChildFailedException failed)
        {
            throw new GiveUpException(failed.Message, failed, failed.Error?.Code);
        }
        catch (JobRejectedException rejected)
        {
            // What was there at the submit was looked at then: it is what references have brought.
            var message = $"/jobs/{node.Index}: '{node.Job.Name}' cannot be submitted. {string.Join(" ", rejected.Problems.Select(static problem => $"{problem.Pointer}: {problem.Detail}"))}";
            if (!Tolerates(node) || node.Job.Each is not null) throw new GiveUpException(message, rejected, JobErrorCodes.BadArgs);
            Told(-node.Job.Weight);
            return new(GraphState.Failure, default, new JobError(JobErrorCodes.BadArgs, null, message));
        }
    }

    private async Task<GraphEnd> EachAsync(GraphNode node, List<(JsonElement Value, int Index)> items, Dictionary<GraphNode, GraphEnd> before)
    {
        Told((items.Count - 1L) * node.Job.Weight);
        var tolerance = Tolerates(node) ? Tolerance.Ignore : Tolerance.None;
        var results = await flow.AllAsync(node.Job.Name, items, item => Describe(node, known => before[known], item, tolerance));
        var state = results.Failed > 0 ? GraphState.Failure : GraphState.Success;
        var error = results.Failed > 0 ? new JobError(JobErrorCodes.Error, null, $"{results.Failed} of {results.Count} failed.") : null;
        return new(state, node.IsRead && results.Failed == 0 ? await GatherAsync(node, results) : default, error);
    }

    private static async Task<JsonElement> GatherAsync(GraphNode node, FlowResults<JsonElement> results)
    {
        using var buffer = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            await foreach (var result in results)
            {
                Write(writer, result);
                if (writer.BytesCommitted + writer.BytesPending > MaxGathered)
                    throw new GiveUpException($"The results of '{node.Job.Name}' exceed {MaxGathered} bytes together, which is too much to hand on.", code: JobErrorCodes.BadArgs);
            }

            writer.WriteEndArray();
        }

        return Parse(buffer);
    }

    private List<(JsonElement Value, int Index)> Items(GraphNode node, JsonElement array) => array.ValueKind == JsonValueKind.Array
        ? [.. array.EnumerateArray().Select((value, index) => (value, index))]
        : throw new GiveUpException($"/jobs/{node.Index}/each: '{node.Job.Name}' runs for each element of an array, and was given {Word(array)}.", code: JobErrorCodes.BadArgs);

    /// <summary>Whether the flow goes on when this job fails.</summary>
    private bool Tolerates(GraphNode node) => shape.Graph.OnFailure == GraphFailure.Continue || node.IsHandled;

    private FlowJob<JsonElement> Describe(GraphNode node, Func<GraphNode, GraphEnd> before, (JsonElement Value, int Index)? item, Tolerance tolerance)
    {
        var job = node.Job;
        var args = job.Args is { } template ? Fill(template, before, item) : JsonElement.Parse("{}");
        return flow.Job<JsonElement>(job.Type, args, new ChildOptions
        {
            Queue = job.Queue,
            Priority = job.Priority,
            Attempts = job.Attempts,
            Timeout = job.Timeout,
            Countdown = job.Countdown,
            Tags = [.. job.Tags],
            Weight = job.Weight,
            Key = KeyOf(node, args),
            KeyWeight = job.KeyWeight,
            OnFailure = tolerance == Tolerance.Ignore ? ChildFailure.Ignore : ChildFailure.Throw,
        });
    }

    private static string? KeyOf(GraphNode node, JsonElement args)
    {
        if (node.Job.Key is not { } text || !KeyTemplate.TryParse(text, out var template, out _)) return null;
        return template.TryFill(args, $"/jobs/{node.Index}/args", out var key, out var problem)
            ? key
            : throw new GiveUpException($"{problem.Pointer}: {problem.Detail}", code: JobErrorCodes.BadArgs);
    }

    private JsonElement Fill(JsonElement template, Func<GraphNode, GraphEnd> ends, (JsonElement Value, int Index)? item, bool isResult = false)
    {
        if (!GraphTemplate.IsTemplate(template)) return template;
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            GraphTemplate.Fill(writer, template, reference => Value(reference, ends, item, isResult));
        }

        return Parse(buffer);
    }

    private JsonElement Value(GraphRef reference, Func<GraphNode, GraphEnd> ends, (JsonElement Value, int Index)? item, bool isResult)
    {
        if (reference.Part == GraphRefPart.Index) return JsonSerializer.SerializeToElement(item!.Value.Index);
        if (reference.Part == GraphRefPart.Value) return Follow(item!.Value.Value, reference);
        var end = ends(shape[reference.Job]);
        switch (reference.Part)
        {
            case GraphRefPart.State: return JsonSerializer.SerializeToElement(end.State.ToString().ToUpperInvariant());
            case GraphRefPart.Error: return end.Error is { } error ? Follow(JsonSerializer.SerializeToElement(new { error.Code, error.Message }, JobJson.Options), reference) : Null;
        }

        if (end.State == GraphState.Success) return Follow(end.Result, reference);
        // A job that goes on after a failure knows what it asked for; the flow's result is a promise.
        return isResult
            ? throw new GiveUpException($"The flow's result needs that of '{reference.Job}', which ended as {end.State.ToString().ToUpperInvariant()}.", code: JobErrorCodes.DependencyFailed)
            : Null;
    }

    private static JsonElement Follow(JsonElement value, GraphRef reference)
    {
        if (value.ValueKind == JsonValueKind.Undefined) value = Null;
        return GraphPointer.TryFollow(value, reference.Pointer, out var found)
            ? found
            : throw new GiveUpException($"{{\"$ref\": \"{Name(reference)}{reference.Pointer}\"}} refers to nothing.", code: JobErrorCodes.BadArgs);
    }

    private static string Name(GraphRef reference) => $"{reference.Job}.{(reference.Part == GraphRefPart.Value ? "value" : reference.Part == GraphRefPart.Error ? "error" : "result")}";

    private static string Word(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        _ => "null",
    };

    private static readonly JsonElement Null = JsonElement.Parse("null");

    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Undefined) writer.WriteNullValue();
        else value.WriteTo(writer);
    }

    private static JsonElement Parse(MemoryStream buffer) => JsonElement.Parse(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));

    private enum Tolerance : byte
    {
        None,
        Ignore,
    }
}

/// <summary>How a job of a graph ended.</summary>
internal sealed record GraphEnd(GraphState State, JsonElement Result, JobError? Error)
{
    public static readonly GraphEnd Skipped = new(GraphState.Skipped, default, null);

    public static GraphEnd Of(JsonElement result) => new(GraphState.Success, result, null);
}
