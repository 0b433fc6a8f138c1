using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using Xunit.Abstractions;

namespace OrleansJobs.Tests.Cluster;

/// <summary>A dozen silos, of which some come and go while jobs run: shares are even, and no partition is opened more often than it has to.</summary>
public class TwelveSilosTests(ITestOutputHelper output)
{
    private const int Silos = 12;
    private const int ManyPartitions = 96;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly ConcurrentQueue<int> _openings = [];

    /// <summary>What each silo made of the membership, as it says in its log.</summary>
    private readonly ConcurrentQueue<string> _followed = [];

    [Fact]
    public async Task SilosThatComeAndGo_LeaveEvenShares_AndMoveFewPartitions()
    {
        await using var server = await RedisServer.StartAsync();
        await using var redis = await RedisConnection.ConnectAsync(server.ConnectionString);
        var store = WatchedStore.Around(new RedisPartitionStore(redis, "tests", GridLayout.Layout), (call, args) =>
        {
            if (call == nameof(IPartitionStore.OpenAsync)) _openings.Enqueue((int)args[0]!);
            return Task.FromResult<object?>(null);
        });
        await using var grid = await TestGrid.StartAsync(Silos, options => options.Partitions = ManyPartitions, store: store,
            more: (silo, number) => silo.Services.AddLogging(logging => logging.AddProvider(new KeeperLog(number, _followed))));
        await UntilEvenAsync(grid);
        output.WriteLine($"{Silos} silos have started: {_openings.Count} openings of {ManyPartitions} partitions");

        using var stop = new CancellationTokenSource();
        var load = SubmitAsync(grid, stop.Token);
        await ChangeAsync(grid, "one leaves", () => grid.Cluster.StopSiloAsync(grid.Cluster.Silos[^1]));
        await ChangeAsync(grid, "one joins", () => grid.Cluster.StartAdditionalSiloAsync());
        await ChangeAsync(grid, "one is lost", () => grid.Cluster.KillSiloAsync(grid.Cluster.Silos[^1]));
        await ChangeAsync(grid, "two join", async () =>
        {
            await grid.Cluster.StartAdditionalSiloAsync();
            await grid.Cluster.StartAdditionalSiloAsync();
        });
        await ChangeAsync(grid, "another leaves", () => grid.Cluster.StopSiloAsync(grid.Cluster.Silos[3]));
        await stop.CancelAsync();
        var jobs = await load;
        var ends = await Task.WhenAll(jobs.Select(job => job.WaitAsync())).WaitAsync(Patience);
        Assert.NotEmpty(ends);
        Assert.All(ends, end => Assert.Equal(JobState.Success, end.State));
    }

    /// <summary>Each partition that the assignment moves is opened once where it goes; twice where silos learn of the change one after the other.</summary>
    private async Task ChangeAsync(TestGrid grid, string what, Func<Task> change)
    {
        _openings.Clear();
        _followed.Clear();
        var before = grid.Cluster.Silos.Select(silo => silo.SiloAddress).ToList();
        var steps = new List<List<SiloAddress>> { before };
        await change();
        var after = grid.Cluster.Silos.Select(silo => silo.SiloAddress).ToList();
        // Several come one after the other.
        foreach (var silo in before.Except(after)) steps.Add([.. steps[^1].Where(other => !other.Equals(silo))]);
        foreach (var silo in after.Except(before)) steps.Add([.. steps[^1], silo]);
        await UntilEvenAsync(grid);
        var needed = steps.Zip(steps.Skip(1)).Sum(step =>
            PartitionAssignment.Assign(ManyPartitions, step.First).Zip(PartitionAssignment.Assign(ManyPartitions, step.Second)).Count(pair => !pair.First.Equals(pair.Second)));
        var opened = _openings.CountBy(partition => partition).ToList();
        output.WriteLine($"{what}: {needed} partitions to move, {opened.Count} partitions opened {opened.Sum(pair => pair.Value)} times, {opened.Max(pair => pair.Value)} times at most");
        var sum = opened.Sum(pair => pair.Value);
        Assert.True(sum is > 0 && sum <= 2 * needed, $"{what}: {needed} partitions were to move, and partitions were opened {sum} times.\n{string.Join('\n', _followed)}");
    }

    private static async Task UntilEvenAsync(TestGrid grid)
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        for (var even = 0; even < 5; await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System))
        {
            Assert.False(patience.IsCancellationRequested, "The shares of the silos did not become even.");
            try
            {
                var shares = (await grid.Grid.GetStats()).Silos.Select(silo => silo.Partitions).ToList();
                even = shares.Count == grid.Cluster.Silos.Count && shares.Sum() == ManyPartitions && shares.Max() - shares.Min() <= 1 ? even + 1 : 0;
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException)
            {
                even = 0;
            }
        }
    }

    /// <summary>Listens to the keepers of partitions.</summary>
    private sealed class KeeperLog(int silo, ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => categoryName == typeof(PartitionKeeper).FullName ? this : NullLogger.Instance;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"silo {silo}: {formatter(state, exception)}");

        public void Dispose()
        {
        }
    }

    private static async Task<List<JobHandle>> SubmitAsync(TestGrid grid, CancellationToken stop)
    {
        var jobs = new List<JobHandle>();
        while (!stop.IsCancellationRequested)
        {
            jobs.Add(await grid.Jobs.SubmitAsync("echo", "x"));
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        return jobs;
    }
}
