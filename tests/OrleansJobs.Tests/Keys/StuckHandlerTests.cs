using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;
using OrleansJobs.Tests.Gateway;
using OrleansJobs.Tests.Lending;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Keys;

/// <summary>A handler that does not stop when it is to loses its job and keeps its permit: what limits count is what runs.</summary>
public class StuckHandlerTests
{
    private const string Key = "tenant/7";
    private readonly CoreDriver _driver = new();

    [Fact]
    public async Task OnAGrid_TheNextJobOfItsKey_WaitsUntilTheHandlerHasReturned()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var grid = await TestGrid.StartAsync(
            store: new MemoryPartitionStore(GridLayout.Layout), configure: options => options.CancelGrace = TimeSpan.FromMilliseconds(100),
            jobs: (jobs, _) => jobs.AddJob("deaf", (object? _, JobContext _, CancellationToken _) => release.Task));
        await grid.Jobs.Keys.PutAsync("tenant", new() { Concurrency = 1 });
        var first = await grid.Jobs.SubmitAsync("deaf", (object?)null, new() { Key = Key, Timeout = TimeSpan.FromMilliseconds(100) });
        var second = await grid.Jobs.SubmitAsync("echo", "x", new() { Key = Key });

        Assert.Equal((JobState.Failure, JobErrorCodes.Timeout), (await first.WaitAsync() is var ended ? ended.State : default, ended.Error?.Code));

        // It is decided in the commit in which the first has ended.
        var waits = await second.GetStatusAsync();
        Assert.Equal((JobState.Pending, WaitReasons.Limit, LimitWords.Concurrency, 1L), (waits.State, waits.WaitingFor.Single().What, waits.WaitingFor.Single().Limit, waits.WaitingFor.Single().Stuck));
        var info = (await grid.Jobs.Keys.GetAsync(Key))!;
        Assert.Equal((1, 1, 1), (info.Running, info.Stuck, info.Waiting));

        release.SetResult();
        Assert.Equal(JobState.Success, (await second.WaitAsync()).State);
        await Eventually.AnswersAsync(() => grid.Jobs.Keys.GetAsync(Key), key => key is { Running: 0, Stuck: 0 });
    }

    [Fact]
    public async Task OnAGrid_ItCountsAgainstItsQueue_WhichSaysSo()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var grid = await TestGrid.StartAsync(
            store: new MemoryPartitionStore(GridLayout.Layout), configure: options => options.CancelGrace = TimeSpan.FromMilliseconds(100),
            jobs: (jobs, _) => jobs.AddJob("deaf", (object? _, JobContext _, CancellationToken _) => release.Task));
        await grid.Jobs.QueueLimits.PutAsync("calls", new() { Concurrency = 1 });
        var first = await grid.Jobs.SubmitAsync("deaf", (object?)null, new() { Queue = "calls", Timeout = TimeSpan.FromMilliseconds(100) });
        Assert.Equal(JobState.Failure, (await first.WaitAsync()).State);
        var second = await grid.Jobs.SubmitAsync("echo", "x", new() { Queue = "calls" });

        var info = await grid.Jobs.QueueLimits.GetAsync("calls");
        Assert.Equal((1, 1, 1), (info.Running, info.Stuck, info.Waiting));

        release.SetResult();
        Assert.Equal(JobState.Success, (await second.WaitAsync()).State);
        await Eventually.AnswersAsync(() => grid.Jobs.QueueLimits.GetAsync("calls"), queue => queue is { Running: 0, Stuck: 0 });
    }

    [Fact]
    public void ItsPermit_IsStored_AndComesBackOnce()
    {
        Rule(new() { Concurrency = 1 });
        foreach (var id in new[] { "a", "b", "c" }) _driver.Submit(id, job => job with { Key = Key });
        _driver.Commit();
        var lease = Assert.Single(_driver.Take(want: 5));
        Assert.True(_driver.Report(lease, ReportKind.Failed, error: new(JobErrorCodes.Timeout, null, "late"), isStuck: true));
        Assert.Equal(JobState.Failure, _driver.Status("a")!.State);
        Assert.Empty(_driver.Take(want: 5));
        // Of an exchange whose answer was lost.
        Assert.False(_driver.Report(lease, ReportKind.Failed, isStuck: true));
        _driver.Reopen();
        Assert.Empty(_driver.Take(want: 5));
        Assert.Equal((1, 1), (_driver.Core.Keys.Find(Key)!.Running, _driver.Core.Keys.Find(Key)!.Stuck));

        for (var i = 0; i < 2; i++) Assert.True(_driver.Report(lease, ReportKind.HandlerReturned));
        Assert.Equal("b", Assert.Single(_driver.Take(want: 5)).Id);
        _driver.Reopen();
        Assert.Equal((1, 0), (_driver.Core.Keys.Find(Key)!.Running, _driver.Core.Keys.Find(Key)!.Stuck));
        Assert.Empty(_driver.Core.Stuck.All);
    }

    [Fact]
    public void WithItsSilo_ItIsGone()
    {
        Rule(new() { Concurrency = 1 });
        foreach (var id in new[] { "a", "b" }) _driver.Submit(id, job => job with { Key = Key });
        _driver.Commit();
        _driver.Report(Assert.Single(_driver.Take(want: 5)), ReportKind.Cancelled, isStuck: true);
        Assert.False(_driver.Core.Stuck.Lost(CoreDriver.SiloB.ToParsableString()));
        Assert.Empty(_driver.Take(want: 5));
        Assert.Equal([CoreDriver.SiloA.ToParsableString()], _driver.Core.Stuck.Silos);
        Assert.True(_driver.Core.Stuck.Lost(CoreDriver.SiloA.ToParsableString()));
        _driver.Commit();
        _driver.Reopen();
        Assert.Equal("b", Assert.Single(_driver.Take(want: 5)).Id);
    }

    /// <summary>Also where the rule comes after it, or the job is run again by hand.</summary>
    [Fact]
    public void ARuleThatIsPutLater_CountsIt_AndItsOwnJobTooWaitsForIt()
    {
        _driver.Submit("a", job => job with { Key = Key });
        _driver.Commit();
        var lease = Assert.Single(_driver.Take(want: 5));
        _driver.Report(lease, ReportKind.Failed, isStuck: true);
        Rule(new() { Concurrency = 1 });
        Assert.True(_driver.Core.Orders.Retry(_driver.Bring("a"), new("test"), _driver.Now));
        _driver.Commit();
        Assert.Empty(_driver.Take(want: 5));
        _driver.Report(lease, ReportKind.HandlerReturned);
        Assert.Equal("a", Assert.Single(_driver.Take(want: 5)).Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ThePermitOfAQueue_IsKeptToo(bool limitsComeLater)
    {
        var world = new LendingWorld();
        var limits = new QueueLimits { Concurrency = 1 };
        if (!limitsComeLater) world.PutEverywhere(limits);
        for (var i = 0; i < 2; i++) world.Submit(1);
        world.DeliverAll();
        var attempt = (1, Assert.Single(world.Take(1, 1)));
        world.Report(attempt, ReportKind.Failed, isStuck: true);
        if (limitsComeLater) world.PutEverywhere(limits);
        world.DeliverAll();
        Assert.Empty(world.Take(1, 5));
        world.Reopen(1);
        world.DeliverAll();
        Assert.Empty(world.Take(1, 5));
        world.Report(attempt, ReportKind.HandlerReturned);
        world.DeliverAll();
        Assert.Single(world.Take(1, 5));
    }

    private void Rule(KeyRule rule)
    {
        var keys = _driver.Core.Keys;
        keys.Rules.Take(Key, keys.Rules.Next(Key, rule, null, _driver.Now));
        keys.Changed(Key, _driver.Now);
        _driver.Commit();
    }
}
