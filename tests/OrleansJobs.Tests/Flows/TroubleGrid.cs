using System.Collections.Concurrent;
using OrleansJobs.Hosting;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Flows;

/// <summary>A grid of two silos with the flows of <see cref="KnownTroubleTests"/>, whose turns the tests decide.</summary>
public sealed class TroubleGrid : IAsyncLifetime
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _signals = [];
    private TestGrid _grid = null!;

    public IJobClient Jobs => _grid.Jobs;
    public TestHandlers Handlers => _grid.Handlers;
    public IJobGridGrain Grid => _grid.Grid;

    /// <summary>Which release of the flow <c>released</c> runs.</summary>
    public int Release { get; set; } = 1;

    /// <summary>How often the child or step of a name has run.</summary>
    public ConcurrentDictionary<string, int> Runs { get; } = [];

    /// <summary>Names of which the child fails.</summary>
    public ConcurrentDictionary<string, bool> Failing { get; } = [];

    public async Task InitializeAsync() => _grid = await TestGrid.StartAsync(silos: 2, jobs: (jobs, _) => Register(jobs));

    public async Task DisposeAsync() => await _grid.DisposeAsync();

    /// <summary>Something that has happened in a flow or child, by name; waited for with an end.</summary>
    public Task Happened(string name) => Signal(name).Task.WaitAsync(Patience);

    public void Happen(string name) => Signal(name).TrySetResult();

    /// <summary>The children of a flow, as they stand.</summary>
    public async Task<List<JobStatus>> ChildrenAsync(string flow)
    {
        var children = new List<JobStatus>();
        var query = new JobQuery { Parent = flow, Limit = 200 };
        while (true)
        {
            var page = await Jobs.ListAsync(query);
            children.AddRange(page.Jobs);
            if (page.Cursor is null) return children;
            query = query with { Cursor = page.Cursor };
        }
    }

    private TaskCompletionSource Signal(string name) => _signals.GetOrAdd(name, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    private int Ran(string name) => Runs.AddOrUpdate(name, 1, (_, runs) => runs + 1);

    private void Register(JobGridBuilder jobs)
    {
        jobs.AddJob("named", (string name, JobContext _, CancellationToken _) =>
        {
            Ran(name);
            return Failing.ContainsKey(name) ? throw new InvalidOperationException($"{name} fails") : Task.FromResult(name.Length);
        });
        jobs.AddJob("long", (int letters, JobContext _, CancellationToken _) => Task.FromResult(new string('x', letters)));
        jobs.AddJob("second-time", (string name, JobContext _, CancellationToken _) => Ran(name) == 1 ? throw new InvalidOperationException("not yet") : Task.FromResult(1));
        jobs.AddJob("endless", async (string name, JobContext _, CancellationToken cancellation) =>
        {
            Happen(name);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
            return 0;
        });
        jobs.AddJob("tells", (string name, JobContext _, CancellationToken _) =>
        {
            Happen(name);
            return Task.FromResult(7);
        });
        AddChords(jobs);
        AddGroups(jobs);
        jobs.AddFlow("released", (string name, FlowContext flow, CancellationToken _) => Release == 1 ? OldReleaseAsync(name, flow) : NewReleaseAsync(name, flow));
    }

    /// <summary>Each runs its members beside each other, and one more, the body, when all have succeeded.</summary>
    private static void AddChords(JobGridBuilder jobs)
    {
        jobs.AddFlow("chord", async (Chord chord, FlowContext flow, CancellationToken _) =>
        {
            var members = await (await flow.AllAsync("members", chord.Members, member => flow.Job<int>(member.Type, member.Name, new ChildOptions
            {
                Attempts = member.Attempts, Timeout = member.Timeout, OnFailure = chord.OnFailure, Queue = member.Queue,
            }))).ToArrayAsync();
            return await flow.JobAsync<int>("body", "named", $"{chord.Name} body") - $"{chord.Name} body".Length + members.Sum();
        });
    }

    private void AddGroups(JobGridBuilder jobs)
    {
        jobs.AddFlow("told", async (Chord chord, FlowContext flow, CancellationToken _) =>
        {
            var members = await (await flow.AllAsync("members", chord.Members, member => flow.Job<int>(member.Type, member.Name, new ChildOptions { Attempts = 1, OnFailure = ChildFailure.Ignore }))).ToArrayAsync();
            await flow.SignalAsync<object?>("go");
            return string.Join(' ', members);
        });
        jobs.AddFlow("empty", async (string _, FlowContext flow, CancellationToken _) =>
        {
            var all = await flow.AllAsync("all", Array.Empty<string>(), name => flow.Job<int>("named", name));
            var each = 0;
            await foreach (var n in flow.EachAsync("each", Nothing(), name => flow.Job<int>("named", name))) each += 1 + n;
            return $"{all.Count} {(await all.ToArrayAsync()).Length} {each} {await flow.JobAsync<int>("last", "named", "four")}";
        });
        jobs.AddFlow("groups-in-a-group", async (string name, FlowContext flow, CancellationToken _) =>
        {
            var groups = await Task.WhenAll(Enumerable.Range(0, 3).Select(group => GroupAsync(flow, $"{name} {group}", 2 + group)));
            return groups.Sum();
        });
        jobs.AddFlow("ends-in-a-group", async (string name, FlowContext flow, CancellationToken _) =>
        {
            await flow.JobAsync<int>("first", "named", $"{name} first");
            return await (await flow.AllAsync("last", Enumerable.Range(0, 3), n => flow.Job<int>("named", new string('x', n)))).ToArrayAsync();
        });
        jobs.AddFlow("late-park", async (string name, FlowContext flow, CancellationToken _) =>
        {
            var child = flow.JobAsync<int>("child", "tells", name);
            // Until the child has ended, the flow is not parked for it.
            await flow.StepAsync("until it has ended", async () =>
            {
                await Happened($"{name} has ended");
                return 0;
            });
            return await child;
        });
        jobs.AddFlow("wide", async (int count, FlowContext flow, CancellationToken _) =>
            (await flow.AllAsync("all", Enumerable.Range(0, count), n => flow.Job<int>("named", "wide"))).Count);
        jobs.AddFlow("interrupted", async (string name, FlowContext flow, CancellationToken _) =>
            (await flow.AllAsync("all", Interrupted(name, 4000), n => flow.Job<int>("named", name))).Count);
    }

    /// <summary>Tells when a part of the children is being started, and goes on when the test has done something about it.</summary>
    private IEnumerable<int> Interrupted(string name, int count)
    {
        for (var n = 0; n < count; n++)
        {
            if (n == count / 2)
            {
                Happen($"{name} half");
                Happened($"{name} go on").Wait();
            }

            yield return n;
        }
    }

    private static async Task<int> GroupAsync(FlowContext flow, string name, int count) =>
        (await (await flow.AllAsync(name, Enumerable.Range(0, count), n => flow.Job<int>("named", new string('x', n)))).ToArrayAsync()).Sum();

    private async Task<string> OldReleaseAsync(string name, FlowContext flow)
    {
        var a = await StepAsync(flow, name, "a");
        var b = await StepAsync(flow, name, "b");
        var removed = await StepAsync(flow, name, "removed");
        await flow.SignalAsync<bool>("go");
        return $"old {a}{b}{removed}";
    }

    /// <summary>One step more, one less, and those that stayed in another order.</summary>
    private async Task<string> NewReleaseAsync(string name, FlowContext flow)
    {
        var added = await StepAsync(flow, name, "added");
        var b = await StepAsync(flow, name, "b");
        await flow.SignalAsync<bool>("go");
        var a = await StepAsync(flow, name, "a");
        return $"new {added}{b}{a}";
    }

    private Task<string> StepAsync(FlowContext flow, string name, string step) => flow.StepAsync(step, () =>
    {
        Ran($"{name} {step}");
        return Task.FromResult($"{step}{Release}");
    });

    private static async IAsyncEnumerable<string> Nothing()
    {
        await Task.CompletedTask;
        yield break;
    }
}

public sealed record Member(string Type, string Name, int Attempts = 1, TimeSpan? Timeout = null, string? Queue = null);

public sealed record Chord(string Name, Member[] Members, ChildFailure OnFailure = ChildFailure.Throw);
