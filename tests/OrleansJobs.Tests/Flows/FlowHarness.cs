using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansJobs.Diagnostics;
using OrleansJobs.Flows;
using OrleansJobs.Hosting;
using OrleansJobs.Tests.Workers;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Flows;

/// <summary>Runs a flow from attempt to attempt on a <see cref="FlowWorld"/>.</summary>
internal sealed class FlowHarness : IAttemptOwner, IDisposable
{
    private readonly ServiceProvider _provider;
    private readonly HandlerRegistry _handlers;

    public FlowHarness(Action<JobGridBuilder> register, FlowWorld world, FlowTime time, Action<IServiceCollection>? services = null)
    {
        (World, Time) = (world, time);
        var collection = new ServiceCollection();
        collection.AddSingleton<TimeProvider>(time).AddJobDiagnostics();
        services?.Invoke(collection);
        _provider = collection.BuildServiceProvider();
        var options = new JobGridOptions { Partitions = FlowWorld.Partitions };
        var builder = new JobGridBuilder();
        register(builder);
        builder.AddJob("work", (int n, JobContext _, CancellationToken _) => Task.FromResult(n));
        _handlers = builder.Build(options);
        Services = new AttemptServices(
            _provider, Options.Create(options), time, new FakePartitions(FlowWorld.Partitions) { Flows = world, Jobs = world }, _provider.GetRequiredService<JobMeters>(),
            NullLogger<JobExecution>.Instance) { Owner = this, Handlers = _handlers };
    }

    public FlowWorld World { get; }
    public FlowTime Time { get; }
    public AttemptServices Services { get; }

    /// <summary>How all attempts ended, in order.</summary>
    public List<AttemptEnding> Endings { get; } = [];

    public TaskCompletionSource<AttemptEnding> LastEnding { get; private set; } = new();

    public RunningJob Begin(string args = "null", string type = "flow", Func<Lease, Lease>? with = null)
    {
        var lease = new Lease
        {
            Id = "flow-1", Partition = JobIds.PartitionOf("flow-1", FlowWorld.Partitions), Token = World.Lease(), Type = type, Queue = "default",
            Args = Encoding.UTF8.GetBytes(args), Attempt = 1, SubmittedAt = DateTimeOffset.UnixEpoch,
            HasMemory = World.HasMemory, Flow = World.Recall(),
        };
        lease = with?.Invoke(lease) ?? lease;
        Assert.True(_handlers.TryGet(type, out var handler));
        var job = new RunningJob(lease, handler, Services) { Stage = JobStage.Running, Since = Time.GetTimestamp() };
        World.Attempt = job;
        LastEnding = new(TaskCreationOptions.RunContinuationsAsynchronously);
        // As a worker does: what the flow's code blocks is a thread of the pool.
        ThreadPool.UnsafeQueueUserWorkItem(job, preferLocal: false);
        return job;
    }

    /// <summary>One attempt, from its start to its end.</summary>
    public async Task<AttemptEnding> AttemptAsync(string args = "null", string type = "flow", Func<Lease, Lease>? with = null)
    {
        Begin(args, type, with);
        var ending = await EndAsync();
        if (ending.Kind is not ReportKind.Parked || World.Park(ending.Park!)) return ending;
        // Its report got lost with its silo.
        lock (Endings) return Endings[^1] = AttemptEnding.Returned;
    }

    public Task<AttemptEnding> EndAsync() => LastEnding.Task.WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>Attempts until the flow ends; while it is parked, what it waits for is made to happen.</summary>
    /// <param name="happen">Makes something happen; false: nothing is left that could.</param>
    public async Task<AttemptEnding> RunAsync(string args = "null", Func<FlowPark, bool>? happen = null)
    {
        for (var attempts = 0; attempts < 2000; attempts++)
        {
            var ending = await AttemptAsync(args);
            switch (ending.Kind)
            {
                case ReportKind.Parked:
                    var park = ending.Park!;
                    while (!World.IsAwake(park))
                    {
                        if (happen?.Invoke(park) ?? World.EndChild()) continue;
                        if (park.Until is not { } until) Assert.Fail("The flow waits for what never comes.");
                        else Time.Advance(DateTimeOffset.FromUnixTimeMilliseconds(until) - Time.GetUtcNow());
                    }

                    break;
                case ReportKind.StartedAnew:
                    World.StartAnew(ending.Result!);
                    break;
                case ReportKind.Returned or ReportKind.Postponed or ReportKind.FailedOnce:
                    break;
                default:
                    return ending;
            }
        }

        throw new InvalidOperationException($"The flow does not end: {Endings[^1].Kind} {Endings[^1].Error}");
    }

    bool IAttemptOwner.Ended(RunningJob job, AttemptEnding ending, bool returned)
    {
        if (job.Stage is not JobStage.Running) return false;
        job.Stage = returned ? JobStage.Ended : JobStage.Stuck;
        lock (Endings) Endings.Add(ending);
        LastEnding.TrySetResult(ending);
        return true;
    }

    bool IAttemptOwner.Holds(LeaseName lease) => false;

    void IAttemptOwner.Returned(OrleansJobs.Batches.RunningBatch batch, IReadOnlyList<(RunningJob Job, AttemptEnding Ending)> endings) => throw new NotSupportedException();

    void IAttemptOwner.HandlerReturned(RunningJob job) => job.Stage = JobStage.Ended;

    public void Dispose() => _provider.Dispose();
}
