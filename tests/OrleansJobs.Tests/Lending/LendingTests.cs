using OrleansJobs.Lending;
using OrleansJobs.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Lending;

/// <summary>Limits of a queue that several partitions keep together.</summary>
public class LendingTests
{
    private readonly LendingWorld _world = new();

    [Fact]
    public void WhatRunsBeforeLimitsArePut_Counts_AndNothingIsLentBeforeAllHaveSaidWhatRuns()
    {
        for (var i = 0; i < 6; i++) _world.Submit(i % 3);
        Assert.Equal(2, Enumerable.Range(0, 2).Sum(partition => _world.Take(partition, 1).Count));
        _world.PutEverywhere(new() { Concurrency = 3 });
        // Those of one partition are on their way.
        var late = (_world.Home + 1) % 3;
        for (var turn = 0; turn < 10; turn++)
        {
            for (var sender = 0; sender < 3; sender++)
            {
                for (var receiver = 0; receiver < 3; receiver++)
                    if (sender != late) _world.Deliver(sender, receiver);
            }
        }

        Assert.Equal(0, TakeAll());
        _world.DeliverAll();
        Assert.Equal(1, TakeAll());
        Assert.Equal(3, _world.Running.Count);
        _world.Report(_world.Running[0], ReportKind.Succeeded);
        _world.DeliverAll();
        Assert.Equal(1, TakeAll());
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void WhatNeverStarted_IsNoStartOfARate(bool neverStarted, int more)
    {
        _world.PutEverywhere(new() { Rate = new(1, 86_400_000) });
        _world.DeliverAll();
        for (var i = 0; i < 3; i++) _world.Submit(i);
        _world.DeliverAll();
        Assert.Equal(1, TakeAll());
        _world.DeliverAll();
        Assert.Equal(0, TakeAll());
        var (partition, lease) = _world.Running[0];
        _world.Running.Clear();
        Assert.True(_world.Cores[partition].Attempts.Report(new() { Id = lease.Id, Token = lease.Token, Kind = ReportKind.Returned, NeverStarted = neverStarted }, _world.Now));
        _world.Settle(partition);
        _world.DeliverAll();
        Assert.Equal(more, TakeAll());
        _world.DeliverAll();
        Assert.Equal(0, TakeAll());
    }

    [Fact]
    public void ALowerLimit_LetsRunningOnesEnd_AndStartsNoneUntilThereIsRoom()
    {
        for (var i = 0; i < 12; i++) _world.Submit(i % 3);
        _world.PutEverywhere(new() { Concurrency = 6 });
        _world.DeliverAll();
        Assert.Equal(6, TakeAll());
        _world.PutEverywhere(new() { Concurrency = 2 });
        for (var running = 6; running > 2; running--)
        {
            _world.DeliverAll();
            Assert.Equal(0, TakeAll());
            _world.Report(_world.Running[0], ReportKind.Succeeded);
        }

        _world.DeliverAll();
        Assert.Equal(0, TakeAll());
        _world.Report(_world.Running[0], ReportKind.Succeeded);
        _world.DeliverAll();
        Assert.Equal(1, TakeAll());
    }

    [Fact]
    public void OneWithEverything_GivesBack_WhatOthersWaitFor()
    {
        for (var i = 0; i < 40; i++) _world.Submit(0);
        _world.PutEverywhere(new() { Concurrency = 6 });
        _world.DeliverAll();
        Assert.Equal(6, _world.Take(0, 10).Count);
        for (var i = 0; i < 5; i++) _world.Submit(1);
        _world.DeliverAll();
        for (var i = 0; i < 6; i++)
        {
            _world.Report(_world.Running[0], ReportKind.Succeeded);
            _world.Take(0, 10);
            _world.DeliverAll();
        }

        Assert.Equal(3, _world.Take(1, 10).Count);
        Assert.Equal((3, 3), (_world.Running.Count(attempt => attempt.Partition == 0), _world.Running.Count(attempt => attempt.Partition == 1)));
    }

    [Fact]
    public void PermitsThatNobodyUses_GoHome_AndOthersHaveThem()
    {
        // No worker comes to this one.
        for (var i = 0; i < 10; i++) _world.Submit(0);
        _world.PutEverywhere(new() { Concurrency = 4 });
        _world.DeliverAll();
        for (var i = 0; i < 10; i++) _world.Submit(1);
        _world.DeliverAll();
        Assert.Equal(2, _world.Take(1, 10).Count);
        _world.Now += LendingRules.IdleMost;
        _world.DeliverAll();
        Assert.Equal(2, _world.Take(1, 10).Count);
    }

    [Fact]
    public void AStartThatNobodyTook_IsNotLost()
    {
        _world.Submit(0);
        _world.Submit(1);
        _world.PutEverywhere(new() { Rate = new(1, 3_600_000) });
        _world.DeliverAll();
        Assert.Equal(1, Line(0).Starts + Line(1).Starts);
        // No slot is free in either partition for a while, and then one is: in a partition that has nothing at that moment.
        for (var seconds = 0; seconds < 60; seconds++)
        {
            _world.Now += 1000;
            _world.DeliverAll();
        }

        Assert.Equal((0, 0), (Line(0).Starts, Line(1).Starts));
        Assert.Empty(_world.Take(1, 1));
        _world.DeliverAll();
        Assert.Single(_world.Take(1, 1));
        // That was the one of this hour.
        _world.Take(0, 1);
        _world.DeliverAll();
        Assert.Empty(_world.Take(0, 1));
    }

    [Fact]
    public void AStartWhoseLetterComesLate_IsNotUsed_AndIsNotLost()
    {
        var borrower = (_world.Home + 1) % 3;
        _world.Submit(borrower);
        _world.PutEverywhere(new() { Rate = new(1, 3_600_000) });
        _world.DeliverAll(except: (_world.Home, borrower));
        Assert.Single(_world.Grants);
        // Whoever was lent one later may be starting it now.
        _world.Now += LendingRules.IdleMost + 2;
        Assert.True(_world.Deliver(_world.Home, borrower));
        Assert.Empty(_world.Take(borrower, 1));
        _world.DeliverAll();
        Assert.Single(_world.Take(borrower, 1));
    }

    [Fact]
    public void AStartWhoseLetterIsSlow_IsGoodForWhatIsLeftOfItsSecond()
    {
        var borrower = (_world.Home + 1) % 3;
        _world.Submit(borrower);
        _world.PutEverywhere(new() { Rate = new(1, 3_600_000) });
        _world.DeliverAll(except: (_world.Home, borrower));
        _world.Now += LendingRules.IdleMost - 100;
        Assert.True(_world.Deliver(_world.Home, borrower));
        Assert.Equal(1, Line(borrower).Starts);
        _world.Now += 101;
        _world.Settle(borrower);
        Assert.Equal(0, Line(borrower).Starts);
    }

    [Fact]
    public void AStartThatIsOnItsWay_WhenItIsWantedNoMore_IsNotLost()
    {
        var borrower = (_world.Home + 1) % 3;
        _world.Submit(borrower);
        _world.PutEverywhere(new() { Rate = new(1, 3_600_000, 2) });
        _world.DeliverAll();
        Assert.Equal(1, Line(borrower).Starts);
        _world.Submit(borrower);
        _world.DeliverAll(except: (_world.Home, borrower));
        Assert.Equal(2, _world.Grants.Count);
        // Nobody takes the first, so that the second is taken back; what was lent by then comes after that.
        _world.Now += LendingRules.IdleMost;
        _world.Settle(borrower);
        Assert.Equal((0, 0), (Line(borrower).Starts, Line(borrower).Asked));
        Assert.True(_world.Deliver(_world.Home, borrower));
        Assert.Equal(0, Line(borrower).Starts);
        _world.DeliverAll();
        Assert.Empty(_world.Grants);
        Assert.Empty(_world.Take(borrower, 2));
        _world.DeliverAll();
        Assert.Equal(2, _world.Take(borrower, 2).Count);
    }

    [Fact]
    public void ARate_IsOfAllPartitionsTogether()
    {
        for (var i = 0; i < 12; i++) _world.Submit(i % 3);
        _world.PutEverywhere(new() { Rate = new(1, 1000, 4) });
        _world.DeliverAll();
        Assert.Equal(4, TakeAll());
        _world.DeliverAll();
        Assert.Equal(0, TakeAll());
        _world.Now += 1000;
        _world.DeliverAll();
        Assert.Equal(1, TakeAll());
        // Its state survives another activation of the home.
        _world.Reopen(_world.Home);
        _world.DeliverAll();
        Assert.Equal(0, TakeAll());
    }

    [Fact]
    public void AnotherActivation_HasWhatTheOneBeforeWasLent_AndWhatWasMeantForThatOneCountsNoMore()
    {
        for (var i = 0; i < 4; i++) _world.Submit(1);
        _world.PutEverywhere(new() { Concurrency = 2 });
        _world.DeliverAll();
        Assert.Single(_world.Take(1, 1));
        _world.Reopen(1);
        _world.Settle(1);
        Assert.Equal((2, 1), (Line(1).Permits, Line(1).Running));
        Assert.Single(_world.Take(1, 5));
        _world.Reopen(_world.Home);
        _world.DeliverAll();
        Assert.Equal(2, _world.Cores[_world.Home].QueueLimits.Homes.Find(LendingWorld.Queue)!.Lent);
        Assert.Equal(0, TakeAll());
    }

    [Fact]
    public void LimitsThatAreTakenAway_HoldNothingBack_AndLeaveNothing()
    {
        for (var i = 0; i < 6; i++) _world.Submit(i % 3);
        _world.PutEverywhere(new() { Concurrency = 1 });
        _world.DeliverAll();
        Assert.Equal(1, TakeAll());
        _world.PutEverywhere(null);
        Assert.Equal(5, TakeAll());
        _world.DeliverAll();
        for (var partition = 0; partition < 3; partition++)
        {
            _world.Reopen(partition);
            Assert.False(_world.Cores[partition].QueueLimits.HasAny);
            Assert.Null(_world.Cores[partition].QueueLimits.Homes.Find(LendingWorld.Queue));
        }
    }

    [Fact]
    public void AKeysLimitAndAQueues_HoldBoth()
    {
        var driver = _world.Cores[0];
        driver.Keys.Rules.Take("tenant", driver.Keys.Rules.Next("tenant", new() { Concurrency = 1 }, null, _world.Now));
        driver.Keys.Changed("tenant", _world.Now);
        for (var i = 0; i < 4; i++) _world.Submit(0, job => job with { Key = "tenant/1" });
        for (var i = 0; i < 4; i++) _world.Submit(0);
        _world.PutEverywhere(new() { Concurrency = 3 });
        _world.DeliverAll();
        Assert.Equal(3, _world.Take(0, 10).Count);
        Assert.Equal(1, driver.Keys.Find("tenant/1")!.Running);
    }

    [Fact]
    public void QueuesWithoutLimits_AreAskedNothing()
    {
        _world.Submit(0, job => job with { Queue = "other" });
        _world.PutEverywhere(new() { Concurrency = 1 });
        _world.DeliverAll();
        var before = _world.Cores[0].Changes.Count;
        _world.Report((0, Assert.Single(_world.Take(0, 5))), ReportKind.Succeeded);
        // The lease and the end, and nothing beside them.
        Assert.Equal(before + 2, _world.Cores[0].Changes.Count);
        Assert.Null(_world.Cores[0].Jobs.Lanes.Single(lane => lane.Queue == "other").Limit);
    }

    private QueueLine Line(int partition) => _world.Cores[partition].QueueLimits.Find(LendingWorld.Queue)!;

    private int TakeAll() => Enumerable.Range(0, 3).Sum(partition => _world.Take(partition, 10).Count);
}
