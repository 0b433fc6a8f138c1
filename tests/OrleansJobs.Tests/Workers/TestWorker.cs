using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

/// <summary>A worker on fake partitions, with everything of its own.</summary>
internal sealed class TestWorker : IDisposable
{
    /// <param name="storeTime">The store's clock; null: the worker's own.</param>
    /// <param name="grid">In the place of the fake partitions.</param>
    public TestWorker(
        Action<JobGridBuilder> handlers, Action<JobGridOptions>? configure = null, TimeProvider? time = null, Action<IServiceCollection>? services = null,
        TimeProvider? storeTime = null, ILogger<JobExecution>? logger = null, IWorkerGrid? grid = null)
    {
        var options = new JobGridOptions { Partitions = 4, Slots = 4 };
        configure?.Invoke(options);
        var builder = new JobGridBuilder();
        handlers(builder);
        Partitions = new FakePartitions(options.Partitions);
        var collection = new ServiceCollection();
        collection.AddSingleton(time ?? TimeProvider.System).AddJobDiagnostics();
        services?.Invoke(collection);
        Services = collection.BuildServiceProvider();
        var meters = Services.GetRequiredService<JobMeters>();
        var configured = Options.Create(options);
        var attempts = new AttemptServices(Services, configured, time ?? TimeProvider.System, grid ?? Partitions, meters, logger ?? NullLogger<JobExecution>.Instance);
        var identity = new WorkerIdentity(SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1), 1), "test");
        Clock = new ClockGuard(
            new MemoryPartitionStore(OrleansJobs.Partitions.GridLayout.Layout, storeTime ?? time), configured, time ?? TimeProvider.System, Services.GetRequiredService<GridHealth>(), meters,
            new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance), NullLogger<ClockGuard>.Instance);
        if (!Clock.TryCompareAsync().Result) throw new InvalidOperationException("The store's clock was not read.");
        Engine = new WorkerEngine(identity, configured, builder.Build(options), attempts, meters, Clock, NullLogger<WorkerEngine>.Instance);
        Partitions.Hint = Engine.Hint;
    }

    public FakePartitions Partitions { get; }
    public ClockGuard Clock { get; }
    public WorkerEngine Engine { get; }
    public ServiceProvider Services { get; }

    /// <summary>Waits until no handler runs but so many, and every report of the others is delivered.</summary>
    public Task Idle(int running = 0) => Until(() => Engine.Describe().Busy == running && Partitions.LeasedCount == running);

    /// <summary>Whatever was queued to the thread pool by now has run, and what that has queued in turn.</summary>
    public async Task Settled()
    {
        for (var i = 0; i < 20; i++)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ThreadPool.UnsafeQueueUserWorkItem(_ => done.SetResult(), null);
            await done.Task;
        }
    }

    /// <summary>Lets the thread pool go on until it is so.</summary>
    public async Task Until(Func<bool> condition)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(deadline) > TimeSpan.FromSeconds(30)) Assert.Fail("It did not come about within 30 s.");
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ThreadPool.UnsafeQueueUserWorkItem(_ => done.SetResult(), null);
            await done.Task;
        }
    }

    public void Dispose()
    {
        Engine.Dispose();
        Services.Dispose();
    }
}
