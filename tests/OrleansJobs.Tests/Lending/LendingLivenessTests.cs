using OrleansJobs.Lending;
using OrleansJobs.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Lending;

/// <summary>That what is lent is used: on a grid whose slots are full, by workers of other types, and without letters that help nobody.</summary>
public class LendingLivenessTests
{
    private readonly LendingWorld _world = new();

    [Fact]
    public void WhereSlotsAreFull_TheNextThatComesFree_IsForTheQueueThatGoesFirst()
    {
        for (var i = 0; i < 30; i++)
        {
            _world.Submit(i % 3, job => job with { Priority = 9 });
            _world.Submit(i % 3, job => job with { Queue = "plain" });
        }

        _world.PutEverywhere(new() { Concurrency = 2 });
        _world.DeliverAll();
        // All slots are taken for two minutes; then one comes free now and then, here and there, for longer than permits wait for one.
        var queues = new List<string>();
        for (var turn = 0; turn < 12; turn++)
        {
            Pass(TimeSpan.FromMinutes(2));
            queues.Add(Assert.Single(_world.Take(turn % 3, 1, isPatient: true)).Queue);
            _world.Report(_world.Running[0], ReportKind.Succeeded);
        }

        // It may meet the second in which another partition finds out that it has no slot.
        Assert.InRange(queues.Count(queue => queue == LendingWorld.Queue), 11, 12);
    }

    [Fact]
    public void AWorker_IsNotKeptWaiting_ForWhatGoesAfterWhatItIsGiven()
    {
        foreach (var partition in (int[])[0, 1])
        {
            _world.Submit(partition);
            _world.Submit(partition, job => job with { Queue = "plain", Priority = 9 });
        }

        _world.PutEverywhere(new() { Concurrency = 1 });
        Pass(TimeSpan.FromMinutes(1));
        // One of them has the permit.
        var rests = Assert.Single((int[])[0, 1], partition => Line(partition).Standing == QueueStanding.Resting);
        Assert.Null(_world.Cores[rests].Dispatch.Awaken(Partitions.CoreDriver.Worker(null, "work"), _world.Now, null));
        Assert.Equal(QueueStanding.Held, Line(rests).Standing);
    }

    [Fact]
    public void APermitThatComesFree_IsTold_OfEachType()
    {
        _world.Submit(0);
        _world.Submit(0);
        _world.Submit(0, job => job with { Type = "other" });
        _world.PutEverywhere(new() { Concurrency = 1 });
        _world.DeliverAll();
        var core = _world.Cores[0];
        Assert.Single(_world.Take(0, 1, types: ["work"]));
        core.Jobs.Index.TakeNews(_world.Now);
        Assert.Equal(QueueStanding.Held, Line(0).Standing);
        var ended = _world.Running[0].Lease;
        Assert.True(core.Attempts.Report(new() { Id = ended.Id, Token = ended.Token, Kind = ReportKind.Succeeded }, _world.Now));
        Assert.Equal(["other", "work"], core.Jobs.Index.TakeNews(_world.Now).Select(lane => lane.Type).Order());
    }

    [Fact]
    public void JobsThatNobodyCanTake_CostFewLetters()
    {
        for (var i = 0; i < 30; i++) _world.Submit(i % 3);
        _world.PutEverywhere(new() { Concurrency = 1 });
        _world.DeliverAll();
        var before = _world.Letters;
        for (var seconds = 0; seconds < 3600; seconds++)
        {
            _world.Now += 1000;
            // The queue is paused, and a worker of another type comes.
            foreach (var core in _world.Cores)
            {
                core.Dispatch.Awaken(Partitions.CoreDriver.Worker(null, "another"), _world.Now, null);
                core.Dispatch.Awaken(Partitions.CoreDriver.Worker(null, "work") with { Closed = [LendingWorld.Queue] }, _world.Now, null);
            }

            _world.DeliverAll();
        }

        Assert.InRange(_world.Letters - before, 0, 500);
        // Once a worker comes, they go as they always do.
        Assert.Single(Enumerable.Range(0, 3).SelectMany(partition => _world.Take(partition, 9, isPatient: true)));
    }

    [Fact]
    public void WherePermitsGoRound_ThoseThatNobodyTakes_SoonGoToThoseWhoDo()
    {
        for (var i = 0; i < 30; i++) _world.Submit(i % 3);
        _world.PutEverywhere(new() { Concurrency = 1 });
        _world.DeliverAll();
        // Only one of them has a worker, which comes again and again; a permit is asked back from the others long before it has been idle for as long as makes it so.
        var (started, before) = (0, _world.Letters);
        for (var turn = 0; turn < 1200; turn++)
        {
            _world.Now += 50;
            _world.DeliverAll();
            if (_world.Take(1, 1).Count == 0) continue;
            started++;
            _world.Report(_world.Running[0], ReportKind.Succeeded);
            _world.Submit(1);
        }

        Assert.InRange(started, 1000, 1200);
        Assert.InRange(_world.Letters - before, 0, 300);
    }

    [Fact]
    public void WherePermitsGoRound_AndNobodyTakesThem_TheyCostFewLetters()
    {
        for (var i = 0; i < 30; i++) _world.Submit(i % 3);
        _world.PutEverywhere(new() { Concurrency = 1 });
        _world.DeliverAll();
        var before = _world.Letters;
        for (var turn = 0; turn < 12_000; turn++)
        {
            _world.Now += 50;
            _world.DeliverAll();
        }

        // Ten minutes, in which all ask three or four times each for a few seconds; else it would be some thousands.
        Assert.InRange(_world.Letters - before, 0, 500);
    }

    [Fact]
    public void JobsThatComeToAPermitThatLay_AreNotTakenForSomethingThatNobodyTakes()
    {
        _world.PutEverywhere(new() { Concurrency = 2 });
        Busy(1);
        _world.Report(_world.Running[0], ReportKind.Succeeded);
        Pass(TimeSpan.FromSeconds(30));
        Assert.Equal(1, Line(1).Permits);
        _world.Submit(1);
        _world.DeliverAll();
        Assert.Null(Line(1).RestsUntil);
        Pass(TimeSpan.FromSeconds(1));
        Assert.NotNull(Line(1).RestsUntil);
    }

    [Fact]
    public void AQueueThatRests_SaysThatThereIsSomething_SoThatWorkersCome()
    {
        for (var i = 0; i < 6; i++) _world.Submit(i % 3);
        _world.PutEverywhere(new() { Concurrency = 1 });
        Pass(TimeSpan.FromMinutes(1));
        foreach (var core in _world.Cores)
        {
            var worker = Partitions.CoreDriver.Worker(null, "work");
            Assert.Equal(1, core.Dispatch.CountReadyFor(worker, _world.Now, 10, null, out var heldBack));
            Assert.False(heldBack);
            Assert.Equal(0, core.Dispatch.CountReadyFor(worker with { Closed = [LendingWorld.Queue] }, _world.Now, 10, null, out heldBack));
            Assert.True(heldBack);
        }
    }

    [Fact]
    public void WhereALimitIsFarAway_JobsThatComeOneByOne_CostNoLetters()
    {
        _world.PutEverywhere(new() { Concurrency = 1000 });
        _world.DeliverAll();
        _world.Submit(0);
        _world.DeliverAll();
        Assert.Single(_world.Take(0, 1));
        var before = _world.Letters;
        for (var i = 0; i < 600; i++)
        {
            _world.Report(_world.Running[0], ReportKind.Succeeded);
            _world.Now += 100;
            _world.Submit(0);
            Assert.Single(_world.Take(0, 1));
        }

        _world.DeliverAll();
        Assert.Equal(0, _world.Letters - before);
    }

    [Fact]
    public void QueuesThatHaveNothing_AreNotToldOfAtAnOpening()
    {
        _world.PutEverywhere(new() { Concurrency = 2 });
        Busy(1);
        _world.DeliverAll();
        var before = _world.Letters;
        for (var turn = 0; turn < 5; turn++)
        {
            for (var partition = 0; partition < 3; partition++) _world.Reopen(partition);
            _world.DeliverAll();
        }

        // One of them has permits, and says so.
        Assert.Equal(5, _world.Letters - before);
        _world.Submit(2);
        _world.DeliverAll();
        Assert.Single(_world.Take(2, 1));
    }

    [Fact]
    public void WhatRunsBeyondThePermitsThatWereStored_CountsAll()
    {
        _world.PutEverywhere(new() { Concurrency = 2 });
        Busy(2);
        // The activation is lost between two commits: the leases are stored, and of one of them the permit is not.
        var row = Line(1).Row!;
        var loan = Loan.Decode(row.Value);
        _world.Cores[1].Changes.Mark(row.Set((loan with { Permits = 1 }).Encode()));
        _world.Commit(1);
        _world.Reopen(1);
        for (var i = 0; i < 4; i++) _world.Submit(i % 3);
        _world.DeliverAll();
        Assert.Equal(0, Enumerable.Range(0, 3).Sum(partition => _world.Take(partition, 5).Count));
        Assert.Equal(2, _world.Cores[_world.Home].QueueLimits.Homes.Find(LendingWorld.Queue)!.Lent);
    }

    [Fact]
    public void ARateThatIsTakenAwayAndPutAgain_DoesNotBeginAnew()
    {
        var rate = new QueueLimits { Rate = new(1, 60_000, 3) };
        for (var i = 0; i < 12; i++) _world.Submit(0);
        _world.PutEverywhere(rate);
        _world.DeliverAll();
        Assert.Equal(3, _world.Take(0, 3).Count);
        _world.PutEverywhere(null);
        _world.Cores[_world.Home].QueueLimits.Sweep(_world.Now);
        _world.Settle(_world.Home);
        _world.Reopen(_world.Home);
        _world.PutEverywhere(rate);
        _world.DeliverAll();
        Assert.Empty(_world.Take(0, 1));
        _world.PutEverywhere(null);
        _world.Now += 600_000;
        foreach (var _ in (int[])[0, 1])
        {
            _world.Cores[_world.Home].QueueLimits.Sweep(_world.Now);
            _world.Settle(_world.Home);
        }

        _world.PutEverywhere(rate);
        _world.DeliverAll();
        Assert.Equal(3, _world.Take(0, 9).Count);
    }

    [Fact]
    public void JobsThatALimitHoldsBack_AreNotCountedAsDue()
    {
        for (var i = 0; i < 30; i++) _world.Submit(0, job => job with { Type = i % 2 == 0 ? "work" : "other", Priority = i % 3 });
        _world.PutEverywhere(new() { Concurrency = 4 });
        Assert.Equal(0, Due());
        _world.DeliverAll();
        Assert.Equal(4, Due());
        _world.Take(0, 3);
        Assert.Equal(1, Due());

        long Due() => _world.Cores.Sum(core => core.Jobs.Windows.CountDue(_world.Now).Sum(count => count.Jobs));
    }

    [Fact]
    public void ManyChangesAtOnce_AreHeardOfBeforeAnythingIsHandedOut()
    {
        for (var i = 0; i < 20; i++) _world.Submit(0, job => job with { Queue = $"q{i}" });
        var core = _world.Cores[0];
        for (var i = 0; i < 20; i++) core.QueueLimits.Take($"q{i}", new(1, new() { Concurrency = 1 }, false));
        Assert.Empty(core.Dispatch.Take(Partitions.CoreDriver.Worker(null, "work"), 20, _world.Now, []));
    }

    private QueueLine Line(int partition) => _world.Cores[partition].QueueLimits.Find(LendingWorld.Queue)!;

    /// <summary>So many run in the second partition.</summary>
    private void Busy(int count)
    {
        for (var i = 0; i < count; i++) _world.Submit(1);
        _world.DeliverAll();
        Assert.Equal(count, _world.Take(1, count).Count);
        _world.DeliverAll();
    }

    private void Pass(TimeSpan time)
    {
        for (var seconds = 0; seconds < time.TotalSeconds; seconds++)
        {
            _world.Now += 1000;
            _world.DeliverAll();
        }
    }
}
