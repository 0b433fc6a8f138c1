using System.Text.Json;

namespace OrleansJobs.Tests.Flows.Graphs;

/// <summary>
/// A flow as a parked one runs: what has ended is there at once, what has not never comes in this round. A test ends some of what is open and runs the flow again from
/// the top.
/// </summary>
internal sealed class FakeFlow : FlowContext
{
    private static readonly Task<JsonElement> Never = new TaskCompletionSource<JsonElement>().Task;

    /// <summary>How children ended, by name and, in a group, place.</summary>
    public Dictionary<string, Outcome> Ended { get; } = [];

    /// <summary>Children that were asked for in this round and have not ended.</summary>
    public List<Child> Open { get; } = [];

    /// <summary>Every child that was ever asked for.</summary>
    public Dictionary<string, Child> Asked { get; } = [];

    public override string Id => "flow";
    public override string Type => FlowGraph.JobType;
    public override string Queue => FlowGraph.RunQueue;
    public override int Run => 1;
    public override long Token => 1;
    public override DateTimeOffset SubmittedAt => DateTimeOffset.UnixEpoch;
    public override IReadOnlyList<JobTag> Tags => [];

    public override FlowJob<TResult> Job<TResult>(string type, object? args = null, ChildOptions? options = null) =>
        new(type, JsonSerializer.SerializeToUtf8Bytes(args, JobJson.Options), options ?? ChildOptions.Default);

    public override async Task<TResult> JobAsync<TResult>(string name, FlowJob<TResult> job)
    {
        var outcome = Ask(name, name, job);
        return (TResult)(object)(outcome is null ? await Never : Take(name, outcome));
    }

    public override async Task<FlowResults<TResult>> AllAsync<TItem, TResult>(string name, IEnumerable<TItem> items, Func<TItem, FlowJob<TResult>> job)
    {
        var (results, failed, isOpen) = (new List<JsonElement>(), 0, false);
        ChildFailedException? thrown = null;
        var index = 0;
        foreach (var item in items)
        {
            var child = job(item);
            var outcome = Ask(name, $"{name}[{index++}]", child);
            isOpen |= outcome is null;
            if (outcome is null) continue;
            if (outcome.Result is { } result) results.Add(result);
            else if (child.Options.OnFailure == ChildFailure.Ignore)
            {
                failed++;
                results.Add(default);
            }
            else thrown ??= outcome.Thrown(name);
        }

        if (thrown is not null) throw thrown;
        if (isOpen) await Never;
        return (FlowResults<TResult>)(object)new Results(results) { Failed = failed };
    }

    private static JsonElement Take(string name, Outcome outcome) => outcome.Result ?? throw outcome.Thrown(name);

    private Outcome? Ask<TResult>(string name, string key, FlowJob<TResult> job)
    {
        var child = new Child(key, name, job.Type, System.Text.Encoding.UTF8.GetString(job.Args), job.Options);
        if (Asked.TryGetValue(key, out var before)) Assert.Equal(before.Args, child.Args);
        Asked[key] = child;
        if (Ended.TryGetValue(key, out var outcome)) return outcome;
        Assert.DoesNotContain(Open, open => open.Key == key);
        Open.Add(child);
        return null;
    }

    public override Task<T> StepAsync<T>(string name, Func<Task<T>> run, StepOptions? options = null) => throw new NotSupportedException();
    public override Task StepAsync(string name, Func<Task> run, StepOptions? options = null) => throw new NotSupportedException();
    public override IAsyncEnumerable<TResult> EachAsync<TItem, TResult>(string name, IAsyncEnumerable<TItem> items, Func<TItem, FlowJob<TResult>> job, int atMost = 100) => throw new NotSupportedException();
    public override Task<(int Index, TResult Result)> AnyAsync<TResult>(string name, IReadOnlyList<FlowJob<TResult>> jobs) => throw new NotSupportedException();
    public override Task DelayAsync(string name, TimeSpan delay) => throw new NotSupportedException();
    public override Task<T> SignalAsync<T>(string name, TimeSpan? timeout = null) => throw new NotSupportedException();
    public override Task StartAnewAsync<TArgs>(TArgs args) => throw new NotSupportedException();
    public override void Report(long current, long total, string? message = null) => throw new NotSupportedException();

    public sealed record Child(string Key, string Name, string Type, string Args, ChildOptions Options);

    /// <param name="Result">Null: it failed.</param>
    public sealed record Outcome(JsonElement? Result, string Code = "error")
    {
        public ChildFailedException Thrown(string name) => new(name, "id", JobState.Failure, new(Code, null, "It failed."));
    }

    private sealed class Results(List<JsonElement> results) : FlowResults<JsonElement>
    {
        public override int Count => results.Count;
        public override int Failed { get; init; }

        public override async IAsyncEnumerator<JsonElement> GetAsyncEnumerator(CancellationToken cancellationToken = default)
        {
            await Task.CompletedTask;
            foreach (var result in results) yield return result;
        }

        public override Task<JsonElement[]> ToArrayAsync() => Task.FromResult(results.ToArray());
    }
}
