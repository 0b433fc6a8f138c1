using OrleansJobs.Hosting;
using OrleansJobs.Tests.Client;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

public class WorkerDrainTests
{
    private static readonly JobGridOptions Defaults = new();

    private readonly ManualTime _time = new();
    private readonly SemaphoreSlim _entered = new(0);

    [Fact]
    public async Task AnIdleWorker_IsDrainedAtOnce_AndHasToldEveryPartition()
    {
        using var worker = Worker((ct) => Task.CompletedTask);
        worker.Engine.Start();
        await worker.Engine.DrainAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.All(Enumerable.Range(0, 4), i => Assert.Empty(worker.Partitions[i].Requests[^1].Worker.Types));
        Assert.True(worker.Engine.Describe().Draining);
    }

    [Fact]
    public async Task AHandlerThatFinishesInTime_HasFinished()
    {
        var release = new TaskCompletionSource();
        using var worker = Worker(_ => release.Task);
        await Begin(worker);
        var drained = worker.Engine.DrainAsync(CancellationToken.None);
        release.SetResult();
        await drained.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(ReportKind.Succeeded, Assert.Single(worker.Partitions.Reports).Kind);
    }

    [Fact]
    public async Task AHandlerThatDoesNot_IsCancelled_AndItsJobGoesBack()
    {
        using var worker = Worker(ct => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct));
        await Begin(worker);
        var drained = worker.Engine.DrainAsync(CancellationToken.None);
        _time.Advance(Defaults.DrainTime - TimeSpan.FromSeconds(1));
        await worker.Settled();
        Assert.Empty(worker.Partitions.Reports);
        _time.Advance(TimeSpan.FromSeconds(2));
        await drained.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(ReportKind.Returned, Assert.Single(worker.Partitions.Reports).Kind);
    }

    [Fact]
    public async Task AHandlerThatObeysNobody_KeepsItsJob_AndIsWaitedForNoLongerThanTheGrace()
    {
        using var worker = Worker(_ => new TaskCompletionSource().Task);
        await Begin(worker);
        var drained = worker.Engine.DrainAsync(CancellationToken.None);
        _time.Advance(Defaults.DrainTime);
        await worker.Settled();
        Assert.False(drained.IsCompleted);
        await worker.Until(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return drained.IsCompleted;
        });
        Assert.Empty(worker.Partitions.Reports);
    }

    [Fact]
    public async Task WhatComesWhileDraining_GoesBackUnrun()
    {
        using var worker = Worker(_ => Task.CompletedTask);
        worker.Engine.Start();
        var lease = worker.Partitions[0].AddLeased("work");
        Assert.Equal(1, worker.Engine.TryReserve("default", "work", 1));
        var drained = worker.Engine.DrainAsync(CancellationToken.None);
        Assert.Equal(0, worker.Engine.TryReserve("default", "work", 1));
        worker.Engine.Start([lease]);
        Assert.Equal(ReportKind.Returned, Assert.Single(await worker.Partitions.WaitForReports(1)).Kind);
        Assert.Equal(0, _entered.CurrentCount);
        await drained.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task AHintWhileDraining_IsAnsweredWithNo()
    {
        var release = new TaskCompletionSource();
        using var worker = Worker(_ => release.Task);
        await Begin(worker);
        var drained = worker.Engine.DrainAsync(CancellationToken.None);
        await worker.Until(() => worker.Partitions[1].Requests is [.., { Worker.Types: [] }]);
        var before = worker.Partitions[1].Requests.Count;
        worker.Partitions[1].Add("work");
        worker.Engine.Hint(1);
        await worker.Until(() => worker.Partitions[1].Requests.Count > before);
        Assert.Equal(0, worker.Partitions[1].Requests[^1].Want);
        release.SetResult();
        await drained.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(1, _entered.CurrentCount + 1);
    }

    [Fact]
    public async Task AReportThatCannotBeDelivered_IsTriedUntilItIs()
    {
        var away = true;
        using var worker = Worker(_ => Task.CompletedTask);
        worker.Engine.Start();
        worker.Partitions[0].Before = request => Volatile.Read(ref away) && request.Reports.Length > 0 ? throw new TimeoutException() : Task.CompletedTask;
        worker.Partitions[0].Submit("work");
        await _entered.WaitAsync(TimeSpan.FromSeconds(30));
        var drained = worker.Engine.DrainAsync(CancellationToken.None);
        await worker.Settled();
        Assert.False(drained.IsCompleted);
        Volatile.Write(ref away, false);
        await worker.Until(() =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(20));
            return drained.IsCompleted;
        });
        Assert.Single(worker.Partitions.Reports);
    }

    [Fact]
    public async Task APartitionThatCannotBeReached_IsNotWaitedFor_WhereNothingIsToBeSaidButThatTheSiloGoes()
    {
        using var worker = Worker(_ => Task.CompletedTask);
        worker.Engine.Start();
        await worker.Until(() => HasAskedAll(worker));
        // It fails last, so that no other answer comes after.
        worker.Partitions[2].Before = async _ =>
        {
            await worker.Until(() => new[] { 0, 1, 3 }.All(i => worker.Partitions[i].Requests[^1].Worker.Types.Length == 0));
            await worker.Settled();
            throw new TimeoutException();
        };
        await worker.Engine.DrainAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task AnAnswerThatMayHaveBroughtALease_IsWaitedFor()
    {
        using var worker = Worker(_ => Task.CompletedTask);
        worker.Partitions[2].TakesBack = true;
        worker.Partitions[2].Add("work");
        var lost = new TaskCompletionSource();
        worker.Partitions[2].After = _ =>
        {
            lost.TrySetResult();
            throw new TimeoutException();
        };
        worker.Engine.Start();
        await lost.Task.WaitAsync(TimeSpan.FromSeconds(30));
        var drained = worker.Engine.DrainAsync(CancellationToken.None);
        await worker.Settled();
        Assert.False(drained.IsCompleted);
        worker.Partitions[2].After = _ => Task.CompletedTask;
        var asked = worker.Partitions[2].Requests.Count;
        await worker.Until(() =>
        {
            if (worker.Partitions[2].Requests.Count == asked) _time.Advance(TimeSpan.FromMilliseconds(1));
            return drained.IsCompleted;
        });
        Assert.Equal(0, worker.Partitions.LeasedCount);
    }

    [Fact]
    public async Task WhenTheHostWaitsNoLonger_TheDrainIsOver()
    {
        using var worker = Worker(_ => new TaskCompletionSource().Task);
        await Begin(worker);
        using var host = new CancellationTokenSource();
        var drained = worker.Engine.DrainAsync(host.Token);
        await worker.Settled();
        Assert.False(drained.IsCompleted);
        host.Cancel();
        await drained.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task StartAndDrain_ManyTimes_LosesNothing()
    {
        for (var round = 0; round < 50; round++)
        {
            using var worker = new TestWorker(grid => grid.AddJob("work", (object? args, JobContext job, CancellationToken ct) => Task.CompletedTask));
            for (var i = 0; i < 40; i++) worker.Partitions[i % 4].Add("work");
            worker.Engine.Start();
            var seed = new Random(round);
            for (var i = seed.Next(20); i > 0; i--) await Task.Yield();
            await worker.Engine.DrainAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));
            Assert.Equal(0, worker.Partitions.LeasedCount);
        }
    }

    /// <summary>Every partition has been asked and has answered.</summary>
    private static bool HasAskedAll(TestWorker worker)
    {
        if (!Enumerable.Range(0, 4).All(i => worker.Partitions[i].Requests.Count > 0)) return false;
        var got = worker.Engine.TryReserve("default", "work", 4);
        worker.Engine.Release("default", got);
        return got == 4;
    }

    private TestWorker Worker(Func<CancellationToken, Task> run) => new(
        grid => grid.AddJob("work", (object? args, JobContext job, CancellationToken ct) =>
        {
            _entered.Release();
            return run(ct);
        }),
        time: _time);

    private async Task Begin(TestWorker worker)
    {
        worker.Engine.Start();
        worker.Partitions[0].Submit("work");
        Assert.True(await _entered.WaitAsync(TimeSpan.FromSeconds(30)));
    }
}
