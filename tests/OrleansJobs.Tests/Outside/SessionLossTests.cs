using Orleans.Core.Internal;
using Orleans.Runtime;
using OrleansJobs.Outside;
using OrleansJobs.Tests.Cluster;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Outside;

/// <summary>What is lost, and what goes on: workers that fall silent, silos that die, jobs that are near whenever a worker is lost.</summary>
public class SessionLossTests
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);

    private static Task<TestGrid> StartAsync(short silos = 1, TimeSpan? heartbeat = null) => TestGrid.StartAsync(silos, options => options.Outside.Heartbeat = heartbeat ?? Heartbeat);

    [Fact]
    public async Task ASilentWorker_LosesItsJobs_AsACrash_AndIsToldSo()
    {
        await using var grid = await StartAsync();
        var (silent, other) = (new TestWorker(grid), new TestWorker(grid));
        var job = await grid.Jobs.SubmitAsync("outside", 0, new() { Attempts = 1 });
        var lost = await silent.TakeAsync();

        var lease = await other.TakeAsync();

        Assert.Equal(2, lease.Attempt);
        Assert.True(lease.Name.Token > lost.Name.Token);
        // It was stopped, and goes on with its session.
        Assert.Equal([new WorkCancel(lost.Name, WorkCancelReason.Lost)], (await silent.CallAsync()).Cancel);
        Assert.False(await silent.Grain.SaveCheckpoint(lost.Name, "1"u8.ToArray()));
        Assert.False(await silent.SucceedAsync(lost));
        Assert.True(await other.SucceedAsync(lease));
        var end = await job.WaitAsync();
        Assert.Equal((JobState.Success, "crashed"), (end.State, end.Attempts[0].Outcome));
        Assert.Equal(silent.Session, WorkSession.Display(end.Attempts[0].Silo));
    }

    /// <summary>Who is dead hears nobody ask him to stop: to end his attempt as one that does not would be the end of the job.</summary>
    [Fact]
    public async Task ASilentWorker_OfATypeThatMayNotStall_LosesItsJobs_AsACrash()
    {
        await using var grid = await TestGrid.StartAsync(1, options => (options.Outside.Heartbeat, options.CancelGrace) = (Heartbeat, TimeSpan.FromMilliseconds(100)));
        await grid.Cluster.Client.GetGrain<IJobTypesGrain>(0).Announce([new() { Name = "outside", StalledAfter = TimeSpan.FromSeconds(1), Attempts = 1 }], onlyNew: false);
        var (silent, other) = (new TestWorker(grid), new TestWorker(grid));
        var job = await grid.Jobs.SubmitAsync("outside", 0);
        Assert.Equal(1, (await silent.TakeAsync()).Attempts);
        var lease = await other.TakeAsync();
        Assert.Equal(2, lease.Attempt);
        Assert.True(await other.SucceedAsync(lease));
        var end = await job.WaitAsync();
        Assert.Equal((JobState.Success, "crashed"), (end.State, end.Attempts[0].Outcome));
    }

    [Fact]
    public async Task AWorkerThatCalls_KeepsItsJobs_BeyondThreeHeartbeats()
    {
        await using var grid = await StartAsync();
        var worker = new TestWorker(grid);
        var job = await grid.Jobs.SubmitAsync("outside", 0);
        var lease = await worker.TakeAsync();
        for (var i = 0; i < 6; i++) await worker.CallAsync(wait: 1);
        Assert.True(await worker.SucceedAsync(lease));
        Assert.Equal((JobState.Success, 1), ((await job.WaitAsync()).State, (await job.WaitAsync()).Attempt));
    }

    [Fact]
    public async Task PartitionsThatOpenAnew_WhileNobodyHasHeardTheWorker_LeaveItWhatItHas()
    {
        await using var grid = await StartAsync(heartbeat: TimeSpan.FromSeconds(8));
        var worker = new TestWorker(grid);
        var jobs = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => grid.Jobs.SubmitAsync("outside", 0, new() { Attempts = 1 })));
        var leases = new List<WorkLease>();
        while (leases.Count < jobs.Length) leases.Add(await worker.TakeAsync());
        var partitions = Enumerable.Range(0, TestGrid.Partitions).Select(number => grid.Cluster.Client.GetGrain<IJobPartitionGrain>(number)).ToList();
        // What the session is told, and what it asks, come in another order each time.
        for (var round = 0; round < 8; round++)
        {
            await worker.Grain.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
            await Task.WhenAll(partitions.Select(partition => partition.AsReference<IGrainManagementExtension>().DeactivateOnIdle().AsTask()));
            // Each asks the session which leases are held, and the session waits for its worker.
            await Task.WhenAll(partitions.Select(partition => partition.GetStats()));
            Assert.Empty((await worker.CallAsync(wait: 0.2)).Cancel);
        }

        worker.Holds.Clear();
        var taken = (await worker.CallAsync(reports: [.. leases.Select(lease => new WorkReport { Lease = lease.Name, Outcome = WorkOutcome.Success })])).Taken;

        Assert.All(taken, Assert.True);
        var ends = await Task.WhenAll(jobs.Select(job => job.WaitAsync())).WaitAsync(TestWorker.Patience);
        Assert.All(ends, end => Assert.Equal((JobState.Success, 1, 1), (end.State, end.Attempt, end.Attempts.Length)));
    }

    [Fact]
    public async Task WhatWasToldOfProgress_IsNotTakenBack_WhenTheSessionComesToLifeAnew()
    {
        await using var grid = await StartAsync(heartbeat: TimeSpan.FromSeconds(8));
        await TellBeforeAndAfterAsync(grid, grainIsLostToo: false);
        // Then both are gone who count: the session's activation, and the job's grain that was told.
        await TellBeforeAndAfterAsync(grid, grainIsLostToo: true);
    }

    private static async Task TellBeforeAndAfterAsync(TestGrid grid, bool grainIsLostToo)
    {
        var worker = new TestWorker(grid);
        var job = await grid.Jobs.SubmitAsync("outside", 0);
        var lease = await worker.TakeAsync();
        await job.GetStatusAsync();
        for (var step = 1; step <= 5; step++)
        {
            await worker.CallAsync(progress: [new WorkProgress { Lease = lease.Name, Current = step, Total = 10 }]);
            await Gateway.Eventually.AnswersAsync(() => job.GetStatusAsync(), status => status.Current == step);
        }

        var seen = await job.GetStatusAsync();
        await worker.Grain.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        if (grainIsLostToo) await grid.Cluster.Client.GetGrain<IJobGrain>(job.Id).AsReference<IGrainManagementExtension>().DeactivateOnIdle();

        // Nobody has heard the worker yet.
        seen = await LaterAsync(job, seen);
        await worker.CallAsync();
        seen = await LaterAsync(job, seen);
        await worker.CallAsync(progress: [new WorkProgress { Lease = lease.Name, Current = 6, Total = 10 }]);
        var next = await Gateway.Eventually.AnswersAsync(() => job.GetStatusAsync(), status => status.Current == 6);
        Assert.True(next.Version > seen.Version, $"{next.Version} after {seen.Version}");
        // Said in the call that finds the session's next activation.
        await worker.Grain.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        await worker.CallAsync(progress: [new WorkProgress { Lease = lease.Name, Current = 7, Total = 10 }]);
        var last = await Gateway.Eventually.AnswersAsync(() => job.GetStatusAsync(), status => status.Current == 7);
        Assert.True(last.Version > next.Version, $"{last.Version} after {next.Version}");
        Assert.Equal(last.Version, (await job.GetStatusAsync()).Version);
        Assert.True(await worker.SucceedAsync(lease));
        Assert.True((await job.WaitAsync()).Version > last.Version);
    }

    private static async Task<JobStatus> LaterAsync(JobHandle job, JobStatus seen)
    {
        var now = await job.GetStatusAsync();
        Assert.True(now.Version >= seen.Version, $"{now.Version} after {seen.Version}");
        return now;
    }

    [Fact]
    public async Task TheLossOfTheSilo_ThatKeptTheSession_CostsTheWorkerNothing()
    {
        await using var grid = await StartAsync(silos: 3, TimeSpan.FromSeconds(8));
        var worker = new TestWorker(grid);
        // Of all partitions, hence some of the silo that is lost and some of others.
        var jobs = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => grid.Jobs.SubmitAsync("outside", 0, new() { Attempts = 1 })));
        var leases = new List<WorkLease>();
        while (leases.Count < jobs.Length) leases.Add(await worker.TakeAsync());
        var reported = leases[0];
        Assert.True(await worker.SucceedAsync(reported));

        var keeper = await KeeperOfAsync(grid, worker);
        await grid.Cluster.KillSiloAsync(grid.Cluster.Silos.Single(silo => silo.SiloAddress.Equals(keeper)));

        foreach (var lease in leases.Skip(1)) Assert.True(await worker.SucceedAsync(lease));
        Assert.NotEqual(keeper, await KeeperOfAsync(grid, worker));
        var ends = await Task.WhenAll(jobs.Select(job => job.WaitAsync())).WaitAsync(TestWorker.Patience);
        Assert.All(ends, end => Assert.Equal((JobState.Success, 1, 1), (end.State, end.Attempt, end.Attempts.Length)));
    }

    [Fact]
    public async Task TheLossOfSiloAndWorker_GivesTheJobsOutAgain()
    {
        await using var grid = await StartAsync(silos: 2, TimeSpan.FromSeconds(2));
        var (silent, other) = (new TestWorker(grid), new TestWorker(grid));
        var job = await grid.Jobs.SubmitAsync("outside", 0);
        await silent.TakeAsync();
        var keeper = await KeeperOfAsync(grid, silent);

        await grid.Cluster.KillSiloAsync(grid.Cluster.Silos.Single(silo => silo.SiloAddress.Equals(keeper)));

        var lease = await other.TakeAsync();
        Assert.Equal((job.Id, 2), (lease.Name.Id, lease.Attempt));
        Assert.True(await other.SucceedAsync(lease));
        Assert.Equal("crashed", (await job.WaitAsync()).Attempts[0].Outcome);
    }

    [Fact]
    public async Task AJob_ThatIsThereWheneverAWorkerIsLost_RunsAlone_AndIsConvicted()
    {
        await using var grid = await StartAsync();
        var killer = await grid.Jobs.SubmitAsync("outside", 0);
        for (var crash = 1; crash <= 2; crash++)
        {
            var lost = new TestWorker(grid);
            Assert.Equal(crash, (await lost.TakeAsync()).Attempt);
        }

        // A suspect comes alone: nothing else comes with it, and nothing after it while it runs.
        var alone = new TestWorker(grid);
        var innocents = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => grid.Jobs.SubmitAsync("outside", 0)));
        var seen = new List<WorkLease>();
        while (!seen.Exists(lease => lease.Name.Id == killer.Id))
        {
            foreach (var lease in (await alone.CallAsync(want: 4, wait: 1)).Leases.Where(lease => !alone.Holds.Contains(lease.Name)))
            {
                alone.Holds.Add(lease.Name);
                seen.Add(lease);
            }

            foreach (var lease in seen.Where(lease => lease.Name.Id != killer.Id && alone.Holds.Contains(lease.Name)).ToList()) Assert.True(await alone.SucceedAsync(lease));
        }

        Assert.Equal(killer.Id, Assert.Single(alone.Holds).Id);
        await grid.Jobs.SubmitAsync("outside", 0);
        Assert.Empty((await alone.CallAsync(want: 4, wait: 1)).Leases);

        // Silent from here on.
        var end = await killer.WaitAsync().WaitAsync(TestWorker.Patience);
        Assert.Equal((JobState.Failure, JobErrorCodes.Poison), (end.State, end.Error!.Code));
    }

    [Fact]
    public async Task ASuspectOnTrial_WhoseSessionMoves_IsNotHeldToBeAloneWithWhatComesAfter()
    {
        await using var grid = await StartAsync();
        var suspect = await grid.Jobs.SubmitAsync("outside", 0);
        for (var crash = 1; crash <= 2; crash++)
        {
            var lost = new TestWorker(grid);
            Assert.Equal(crash, (await lost.TakeAsync()).Attempt);
        }

        var worker = new TestWorker(grid);
        Assert.Equal(suspect.Id, (await worker.TakeAsync()).Name.Id);
        await worker.Grain.AsReference<IGrainManagementExtension>().DeactivateOnIdle();
        // Its next activation takes something beside the suspect, and that kills the worker.
        await grid.Jobs.SubmitAsync("outside", 0);
        await worker.TakeAsync();

        var end = await Gateway.Eventually.AnswersAsync(() => suspect.GetStatusAsync(), status => status.Attempts.Length == 3);
        Assert.Equal((JobState.Pending, "crashed", null), (end.State, end.Attempts[2].Outcome, end.Error));
    }

    [Fact]
    public async Task ALeaseThatNeverReachedItsWorker_IsForOthers_WhereTheWorkerWantsNoMore()
    {
        await using var grid = await StartAsync();
        var (full, other) = (new TestWorker(grid), new TestWorker(grid));
        var job = await grid.Jobs.SubmitAsync("outside", 0, new() { Attempts = 1 });
        var given = await full.TakeAsync();
        // The answer was lost.
        full.Holds.Clear();
        using var over = new CancellationTokenSource();
        var calls = CallOnAsync(full, over.Token);

        var lease = await other.TakeAsync();

        Assert.Equal((given.Name.Id, 1), (lease.Name.Id, lease.Attempt));
        Assert.True(await other.SucceedAsync(lease));
        Assert.Equal("returned", (await job.WaitAsync()).Attempts[0].Outcome);
        await over.CancelAsync();
        await calls;
    }

    private static async Task CallOnAsync(TestWorker worker, CancellationToken over)
    {
        while (!over.IsCancellationRequested) await worker.CallAsync(wait: 0.5);
    }

    [Fact]
    public async Task WhatAnActivationThatWasSucceeded_SaysLateOfItsEnd_CostsTheWorkerNothing()
    {
        await using var grid = await StartAsync();
        var worker = new TestWorker(grid);
        var job = await grid.Jobs.SubmitAsync("outside", 0, new() { Attempts = 1 });
        var lease = await worker.TakeAsync();
        var partition = grid.Cluster.Client.GetGrain<IPartitionWork>(JobIds.PartitionOf(job.Id, TestGrid.Partitions));
        await partition.Lost(WorkSession.AddressOf(worker.Session), SequenceNumbers.First(0), 0);
        Assert.True(await worker.SucceedAsync(lease));
        Assert.Single((await job.WaitAsync()).Attempts);
        // One that is newer counts.
        var second = await grid.Jobs.SubmitAsync("outside", 0, new() { Id = job.Id + "-2" });
        var crashed = await worker.TakeAsync();
        var its = grid.Cluster.Client.GetGrain<IPartitionWork>(JobIds.PartitionOf(second.Id, TestGrid.Partitions));
        await its.Lost(WorkSession.AddressOf(worker.Session), long.MaxValue, 0);
        Assert.False(await worker.SucceedAsync(crashed));
    }

    [Fact]
    public async Task SessionsBeyondTheBound_AreToldToComeLater()
    {
        await using var grid = await TestGrid.StartAsync(configure: options => options.Outside.MaxSessions = 1);
        var first = new TestWorker(grid);
        await first.CallAsync();
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => new TestWorker(grid).Grain.Call(new() { Sequence = 1 }));
        Assert.IsType<GridOverloadedException>(refused);
        await first.CallAsync(bye: true);
        await Gateway.Eventually.IsTrueAsync(() => new TestWorker(grid).Grain.Call(new() { Sequence = 1 }).ContinueWith(call => call.IsCompletedSuccessfully).Result);
    }

    private static async Task<SiloAddress> KeeperOfAsync(TestGrid grid, TestWorker worker) =>
        await grid.Cluster.Client.GetGrain<IManagementGrain>(0).GetActivationAddress(worker.Grain) ?? throw new InvalidOperationException("No silo keeps the session.");
}
