using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.TestingHost;
using OrleansJobs.Hosting;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;

namespace OrleansJobs.Tests.Cluster;

/// <summary>Several silos in this process, on a real Redis unless a test brings a store along, with handlers that tests steer.</summary>
public sealed class TestGrid : IAsyncDisposable
{
    private readonly RedisServer? _redis;
    private readonly RedisServer? _ownRedis;

    private TestGrid(RedisServer? redis, RedisServer? ownRedis, InProcessTestCluster cluster, TestHandlers handlers)
    {
        _redis = redis;
        _ownRedis = ownRedis;
        Cluster = cluster;
        Handlers = handlers;
        Jobs = new JobClient(cluster.Client, TimeProvider.System);
    }

    public const int Partitions = 8;

    public InProcessTestCluster Cluster { get; }
    public TestHandlers Handlers { get; }
    public IJobClient Jobs { get; }
    public RedisServer Redis => _redis ?? throw new InvalidOperationException("This grid has a store of the test's own.");
    public IJobGridGrain Grid => Cluster.Client.GetGrain<IJobGridGrain>(0);

    /// <param name="hosts">Which silos, by their number, host the grid; the others are silos of the same cluster with grains of their own. Null: all.</param>
    /// <param name="more">What else a silo is told, by its number.</param>
    /// <param name="store">Takes the place of Redis.</param>
    public static async Task<TestGrid> StartAsync(
        short silos = 1, Action<JobGridOptions>? configure = null, Action<JobGridBuilder, int>? jobs = null, RedisServer? redis = null,
        Func<int, bool>? hosts = null, Action<ISiloBuilder, int>? more = null, TimeProvider? time = null, IPartitionStore? store = null)
    {
        var server = redis ?? (store is null ? await RedisServer.StartAsync() : null);
        var handlers = new TestHandlers();
        var started = -1;
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((_, silo) =>
        {
            var number = Interlocked.Increment(ref started);
            more?.Invoke(silo, number);
            // Fakes of grain contracts elsewhere among the tests would be taken for grains.
            silo.Services.PostConfigure<GrainTypeOptions>(types => types.Classes.RemoveWhere(type => type.Assembly == typeof(TestGrid).Assembly));
            if (hosts?.Invoke(number) == false)
            {
                silo.UseInMemoryReminderService();
                silo.UseJobGridElsewhere();
                return;
            }

            silo.UseMemoryJobStore();
            silo.Services.RemoveAll<IPartitionStore>();
            if (store is not null) silo.Services.AddSingleton(store);
            else silo.Services.AddRedisPartitionStore(server!.ConnectionString);
            silo.Services.AddSingleton(handlers);
            if (time is not null) silo.Services.AddSingleton(time);
            silo.AddJobGrid(grid =>
            {
                handlers.Register(grid);
                jobs?.Invoke(grid, number);
            }, options =>
            {
                options.Partitions = Partitions;
                options.Retry = options.Retry with { FirstDelay = TimeSpan.FromMilliseconds(10) };
                configure?.Invoke(options);
            });
        });
        builder.Options.ServiceId = "tests";
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new TestGrid(server, redis is null ? server : null, cluster, handlers);
    }

    public async ValueTask DisposeAsync()
    {
        Handlers.ReleaseAll();
        await Cluster.DisposeAsync();
        if (_ownRedis is not null) await _ownRedis.DisposeAsync();
    }
}

/// <summary>Handlers whose running and ending is up to the test.</summary>
public sealed class TestHandlers
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _started = new();

    /// <summary>Every start of every job, in order: id, attempt and token.</summary>
    public ConcurrentQueue<(string Id, int Attempt, long Token, DateTimeOffset At)> Starts { get; } = new();

    public Task Started(string id) => _started.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(TimeSpan.FromSeconds(60));

    public void Release(string id) => Gate(id).TrySetResult();

    /// <summary>Done when a job is released.</summary>
    public Task GateAsync(string id) => Gate(id).Task;

    public void ReleaseAll()
    {
        foreach (var gate in _gates.Values) gate.TrySetResult();
    }

    internal void Register(JobGridBuilder grid) => grid
        .AddJob("echo", (string args, JobContext job, CancellationToken _) => Task.FromResult(Note(job, args)))
        .AddJob("gate", async (object? _, JobContext job, CancellationToken cancellation) =>
        {
            Note(job, 0);
            job.Report(1, 2, "Waiting at the gate");
            await Gate(job.Id).Task.WaitAsync(cancellation);
            return "through";
        })
        .AddJob("fail", Task<int> (string message, JobContext job, CancellationToken _) =>
        {
            Note(job, 0);
            throw new InvalidDataException(message);
        })
        .AddJob("checkpoint", async (object? _, JobContext job, CancellationToken cancellation) =>
        {
            Note(job, 0);
            var step = job.Checkpoint<int>();
            await job.SaveCheckpointAsync(step + 1, cancellation);
            return step < 2 ? throw new InvalidDataException($"step {step}") : step;
        })
        .AddJob("large", (int bytes, JobContext _, CancellationToken _) => Task.FromResult(new string('x', bytes)))
        .AddJob("cycle", (object? _, JobContext _, CancellationToken _) => Task.FromResult(new Loop()));

    private T Note<T>(JobContext job, T value)
    {
        Starts.Enqueue((job.Id, job.Attempt, job.Token, TimeProvider.System.GetUtcNow()));
        _started.GetOrAdd(job.Id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        return value;
    }

    private TaskCompletionSource Gate(string id) => _gates.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));

    private sealed class Loop
    {
        public Loop Self => this;
    }
}
