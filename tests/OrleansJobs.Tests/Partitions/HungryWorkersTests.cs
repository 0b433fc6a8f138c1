using OrleansJobs.Partitions;
using static OrleansJobs.Tests.Partitions.CoreDriver;

namespace OrleansJobs.Tests.Partitions;

public class HungryWorkersTests
{
    private readonly HungryWorkers _hungry = new();
    private readonly LaneIndex _lanes = new(256);

    [Fact]
    public void ToTellOf_TellsOneWorkerForEachJob_AndEachOnce()
    {
        _hungry.Came(Worker(SiloA), ready: 0, heldBack: false);
        _hungry.Came(Worker(SiloB), ready: 0, heldBack: false);
        var lane = _lanes.Of("q/4/work");
        var first = Assert.Single(_hungry.ToTellOf(lane, ready: 1));
        var second = Assert.Single(_hungry.ToTellOf(lane, ready: 1));
        Assert.NotEqual(first, second);
        Assert.Empty(_hungry.ToTellOf(lane, ready: 1));
    }

    [Fact]
    public void ToTellOf_WhenTheQueueWasClosedThen_LetsTheWorkerLearnOfItOnce()
    {
        var lane = _lanes.Of("q/4/work");
        _hungry.Came(Worker(SiloA) with { Closed = ["q"] }, ready: 0, heldBack: false);
        Assert.Equal([SiloA], _hungry.ToTellOf(lane, ready: 1));
        // It came, and was told that something is held back from it: from now on it comes by itself.
        _hungry.Came(Worker(SiloA) with { Closed = ["q"] }, ready: 0, heldBack: true);
        Assert.Empty(_hungry.ToTellOf(lane, ready: 1));
    }

    [Fact]
    public void ToTellOf_OfSuspects_LetsEveryWorkerLearnOnce()
    {
        var lane = _lanes.Of("q/4/work/!");
        _hungry.Came(Worker(SiloA), ready: 0, heldBack: false);
        _hungry.Came(Worker(SiloB), ready: 0, heldBack: false);
        Assert.Equal([SiloA, SiloB], _hungry.ToTellOf(lane, ready: 1));
        // It came, and was told: it asks for the turn to stand empty by itself.
        _hungry.Came(Worker(SiloA), ready: 0, heldBack: false, suspects: true);
        Assert.Empty(_hungry.ToTellOf(lane, ready: 1));
    }

    [Fact]
    public void TellAgain_WhenWhoWasToldDidNotCome_TellsThemAgain()
    {
        var job = new LiveJob("a", null!) { Lane = _lanes.Of("q/4/work"), Due = 1 };
        job.Lane.Add(job);
        _lanes.Advance(2);
        _hungry.Came(Worker(SiloA), ready: 0, heldBack: false);
        Assert.Equal([SiloA], _hungry.ToTellOf(job.Lane, ready: 1));
        Assert.Empty(_hungry.ToTellOf(_lanes, 2));
        _hungry.TellAgain();
        Assert.Equal([SiloA], _hungry.ToTellOf(_lanes, 2));
        _hungry.Came(Worker(SiloA), ready: 1, heldBack: false);
        _hungry.TellAgain();
        Assert.Empty(_hungry.ToTellOf(_lanes, 2));
    }

    [Fact]
    public void ToTellOf_WhoDoesNotKnowTheTypeOrServeTheQueue_IsLeftAlone()
    {
        _hungry.Came(Worker(SiloA, "other"), ready: 0, heldBack: false);
        _hungry.Came(Worker(SiloB) with { Queues = ["elsewhere"] }, ready: 0, heldBack: false);
        Assert.Empty(_hungry.ToTellOf(_lanes.Of("q/4/work"), ready: 5));
        _hungry.Came(Worker(SiloB) with { Types = [] }, ready: 0, heldBack: false);
        Assert.Equal([SiloA], _hungry.Silos);
    }
}
