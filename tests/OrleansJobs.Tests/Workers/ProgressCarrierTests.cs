using Microsoft.Extensions.Logging.Abstractions;
using OrleansJobs.Hosting;
using OrleansJobs.Tests.Client;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

public class ProgressCarrierTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly ManualTime _time = new();
    private readonly FakeFeed _feed = new();
    private int _activations;

    [Fact]
    public async Task TheFirstReport_IsCarriedAtOnce_AndLaterOnesOncePerInterval()
    {
        using var carrier = Carrier();
        var cell = Cell(carrier);
        cell.Report(1, 10, "first");
        await Told();
        for (var i = 2; i <= 6; i++) cell.Report(i, 10, null);
        await AdvanceUntilTold(Interval);
        Assert.Equal([new Progress(1, 1, 10, "first"), new Progress(2, 6, 10, "first")], _feed.ProgressSeen);
    }

    [Fact]
    public async Task WhatDidNotChange_IsNotCarriedAgain()
    {
        using var carrier = Carrier();
        var cell = Cell(carrier);
        cell.Report(1, 10, null);
        await Told();
        _time.Advance(Interval * 10);
        cell.Report(2, 10, null);
        await AdvanceUntilTold(Interval);
        Assert.Equal([1, 2], _feed.ProgressSeen.Select(progress => progress.Current));
    }

    [Fact]
    public async Task WhereNobodyWatches_LessIsSaid_UntilSomebodyAsks()
    {
        _feed.Watched = false;
        using var carrier = Carrier();
        var cell = Cell(carrier);
        cell.Report(1, 10, null);
        await Told();
        await Settled();
        cell.Report(2, 10, null);
        await Settled();
        for (var i = 0; i < 6; i++)
        {
            _time.Advance(Interval);
            await Settled();
        }

        Assert.Single(_feed.ProgressSeen);
        Assert.Equal(new Progress(2, 2, 10, null), carrier.Watch(cell));
        await AdvanceUntilTold(Interval);
        Assert.Equal([1, 2], _feed.ProgressSeen.Select(progress => progress.Current));
    }

    [Fact]
    public async Task WhereNobodyWatches_SomethingIsStillSaid()
    {
        _feed.Watched = false;
        using var carrier = Carrier();
        var cell = Cell(carrier);
        cell.Report(1, 10, null);
        await Told();
        await Settled();
        cell.Report(2, 10, null);
        await AdvanceUntilTold(Interval);
        Assert.True(_time.GetUtcNow() - Start >= ProgressCarrier.UnwatchedInterval - (Interval / 5));
    }

    [Fact]
    public async Task WhoCameToWatch_WhileAnAnswerWasUnderWay_IsNotForgotten()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var entered = 0;
        _feed.Watched = false;
        _feed.Before = () =>
        {
            Interlocked.Increment(ref entered);
            return gate.Task;
        };
        using var carrier = Carrier();
        var cell = Cell(carrier);
        cell.Report(1, 10, null);
        await Until(() => Volatile.Read(ref entered) == 1);
        carrier.Watch(cell);
        gate.SetResult();
        await Told();
        await Settled();
        cell.Report(2, 10, null);
        await Settled();
        for (var passed = TimeSpan.Zero; passed < ProgressCarrier.UnwatchedInterval / 2; passed += Interval)
        {
            _time.Advance(Interval);
            await Settled();
        }

        await Told();
    }

    [Fact]
    public async Task Close_GivesTheLastValueANewNumber_AndNothingIsCarriedAfterIt()
    {
        using var carrier = Carrier();
        var cell = Cell(carrier);
        cell.Report(1, 10, null);
        await Told();
        cell.Report(9, 10, "last");
        Assert.Equal(new Progress(2, 9, 10, "last"), carrier.Close(cell, out var told));
        Assert.True(told);
        cell.Report(10, 10, "too late");
        _time.Advance(Interval * 2);
        await Settled();
        Assert.Single(_feed.ProgressSeen);
    }

    [Fact]
    public void Close_WhenNothingWasReported_TouchesNoGrain()
    {
        using var carrier = Carrier();
        Assert.Equal(default, carrier.Close(Cell(carrier), out var told));
        Assert.False(told);
        Assert.Equal(0, _activations);
    }

    [Fact]
    public void ATotalBelowOne_CountsAsOne_AndALongMessageIsClipped()
    {
        using var carrier = Carrier();
        var cell = Cell(carrier);
        cell.Report(5, 0, new string('x', 2000));
        var progress = carrier.Close(cell, out _);
        Assert.Equal(1, progress.Total);
        Assert.Equal(new JobLimits().MaxMessageLength, progress.Message!.Length);
    }

    [Fact]
    public async Task WhatCouldNotBeCarried_IsTriedAgain()
    {
        var failures = 2;
        _feed.Before = () => failures-- > 0 ? throw new TimeoutException() : Task.CompletedTask;
        using var carrier = Carrier();
        Cell(carrier).Report(1, 10, null);
        await AdvanceUntilTold(Interval);
        Assert.Equal(new Progress(1, 1, 10, null), Assert.Single(_feed.ProgressSeen));
    }

    [Fact]
    public async Task OneIsUnderWayAtATime_ForEachJob()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var entered = 0;
        _feed.Before = () =>
        {
            Interlocked.Increment(ref entered);
            return gate.Task;
        };
        using var carrier = Carrier();
        var cell = Cell(carrier);
        cell.Report(1, 10, null);
        await Until(() => Volatile.Read(ref entered) == 1);
        for (var i = 0; i < 5; i++)
        {
            cell.Report(i + 2, 10, null);
            _time.Advance(Interval);
            await Settled();
        }

        Assert.Equal(1, Volatile.Read(ref entered));
        gate.SetResult();
        await Told();
        await AdvanceUntilTold(Interval);
        Assert.Equal([1, 6], _feed.ProgressSeen.Select(progress => progress.Current));
    }

    private static readonly DateTimeOffset Start = new ManualTime().GetUtcNow();

    private ProgressCarrier Carrier() => new(
        _ =>
        {
            Interlocked.Increment(ref _activations);
            return _feed;
        },
        _time, new JobGridOptions { ProgressInterval = Interval }, NullLogger.Instance);

    private static ProgressCell Cell(ProgressCarrier carrier) => new(new LeaseName("id", 1), carrier);

    private async Task Told() => Assert.True(await _feed.Told.WaitAsync(TimeSpan.FromSeconds(30)), "Nothing was carried.");

    private async Task AdvanceUntilTold(TimeSpan step)
    {
        for (var i = 0; i < 100; i++)
        {
            _time.Advance(step / 5);
            if (await _feed.Told.WaitAsync(TimeSpan.FromMilliseconds(5))) return;
        }

        Assert.Fail("Nothing was carried, however far the clock went.");
    }

    /// <summary>Whatever was queued to the thread pool by now has run.</summary>
    private static async Task Settled()
    {
        for (var i = 0; i < 5; i++)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            ThreadPool.UnsafeQueueUserWorkItem(_ => done.SetResult(), null);
            await done.Task;
        }
    }

    private static async Task Until(Func<bool> condition)
    {
        for (var i = 0; i < 10_000 && !condition(); i++) await Settled();
        Assert.True(condition());
    }
}
