using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Partitions;

public class CommitLoopTests
{
    private const int LargeArgs = PendingChanges.MaxBytes * 3 / 4;

    private readonly List<PartitionCommit> _sent = [];
    private Func<PartitionCommit, CommitOutcome?> _script = _ => null;
    private CoreDriver _driver = null!;
    private CommitLoop _loop = null!;

    [Fact]
    public Task Committed_WithManySubmitsAtOnce_SendsOneCommit() => InTurns(async () =>
    {
        Submit(100, 0);
        await _loop.Committed();
        Assert.Equal(100, Submits(Assert.Single(_sent)));
    });

    [Fact]
    public Task Committed_WithTooManyBytesForOneCommit_CompletesWithTheLast() => InTurns(async () =>
    {
        var jobs = Submit(5, LargeArgs);
        var committed = _loop.Committed();
        _script = _ =>
        {
            Assert.False(committed.IsCompleted);
            return null;
        };

        await committed;

        Assert.Equal([2, 2, 1], _sent.Select(Submits));
        Assert.All(jobs, job => Assert.NotNull(_driver.Stored(job.Id)));
    });

    [Fact]
    public Task Committed_WithTooManyJobsForOneCommit_CompletesWithTheLast() => InTurns(async () =>
    {
        Submit(PendingChanges.MaxEntries + 1, 0);
        await _loop.Committed();
        Assert.Equal([PendingChanges.MaxEntries, 1], _sent.Select(Submits));
    });

    [Fact]
    public Task Committed_WhileNewChangesNeverEnd_DoesNotWaitForThem() => InTurns(async () =>
    {
        Submit(3, LargeArgs);
        var first = _loop.Committed();
        var more = new List<Task>();
        _script = _ =>
        {
            if (more.Count == 10) return null;
            Submit(2, LargeArgs);
            more.Add(_loop.Committed());
            return null;
        };

        await first;

        Assert.InRange(_sent.Count, 2, 3);
        // Each of them is stored by a commit that, on its way, adds the next.
        for (var i = 0; i < 10; i++) await more[i];
        Assert.Equal(23, _sent.Sum(Submits));
    });

    [Fact]
    public Task Committed_WhenTheStoreIsFull_WaitsForAllButTheDroppedSubmits() => InTurns(async () =>
    {
        var old = Submit(1, 0)[0];
        await _loop.Committed();
        var dropped = new List<Entry>();
        _loop.Dropped = dropped.AddRange;
        _driver.Core.Orders.Cancel(old, new("test"), _driver.Now);
        var submits = Submit(3, LargeArgs);
        _script = commit => commit.MayBeRefused ? CommitOutcome.Full : null;

        await _loop.Committed();

        Assert.Equal(submits, dropped);
        Assert.Equal(JobState.Revoked, _driver.Status(old.Id)!.State);
        Assert.False(_driver.Core.Changes.HasAny);
    });

    [Fact]
    public Task Committed_WhenTheReplyIsLost_SendsTheSameAgain() => InTurns(async () =>
    {
        Submit(1, 0);
        _script = _ => _sent.Count < 3 ? throw new TimeoutException() : null;
        await _loop.Committed();
        Assert.Equal(3, _sent.Count);
        Assert.Single(_sent.Distinct());
    });

    /// <summary>Its waiters would otherwise hold open the requests that keep the activation from going.</summary>
    [Fact]
    public Task Committed_WhenTheStoreRefusesItForGood_FailsAndEndsTheActivation() => InTurns(async () =>
    {
        CommitOutcome? ended = null;
        _loop.Ended = outcome => ended = outcome;
        Submit(3, LargeArgs);
        var committed = _loop.Committed();
        _script = _ => _sent.Count == 2 ? throw new ArgumentException("malformed") : null;

        await Assert.ThrowsAnyAsync<OrleansException>(() => committed);

        Assert.Equal((CommitOutcome.Fenced, 2), (ended, _sent.Count));
        Assert.True(_loop.IsOver);
        await Assert.ThrowsAnyAsync<OrleansException>(() => _loop.Committed());
    });

    private static int Submits(PartitionCommit commit) => commit.Of(GridLayout.Jobs.Specs).Puts.Count;

    private List<LiveJob> Submit(int jobs, int argsBytes) =>
        [.. Enumerable.Range(0, jobs).Select(_ => _driver.Submit(JobIds.New(), submission => submission with { Args = new byte[argsBytes] }))];

    /// <summary>As in a grain: one turn at a time.</summary>
    private async Task InTurns(Func<Task> test)
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var time = TimeProvider.System;
        var health = new GridHealth(time);
        var meters = new JobMeters(services.GetRequiredService<IMeterFactory>(), time, Options.Create(new JobGridOptions { Partitions = 1 }), health);
        var store = WatchedStore.Around(new MemoryPartitionStore(GridLayout.Layout), async (call, args) =>
        {
            if (call != nameof(IPartitionStore.CommitAsync)) return null;
            // A store answers in a later turn.
            await Task.Yield();
            var commit = (PartitionCommit)args[0]!;
            _sent.Add(commit);
            return _script(commit);
        });
        _driver = new CoreDriver(store: store);
        _loop = new CommitLoop(_driver.Core.Changes, store, time, health, meters, NullLogger.Instance, CancellationToken.None);
        await Task.Factory.StartNew(test, default, TaskCreationOptions.None, new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler).Unwrap()
            .WaitAsync(TimeSpan.FromSeconds(60), time);
    }
}
