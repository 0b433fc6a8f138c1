using System.Text;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Outside;

/// <summary>Steps that jobs remember which workers outside run.</summary>
public sealed class StepTests
{
    private static WorkStep Step(string name, string value) => new(name, Encoding.UTF8.GetBytes(value));

    private static string[] Said(WorkMemory memory) => [.. memory.Steps.Select(step => $"{step.Name}={Encoding.UTF8.GetString(step.Value)}")];

    private static async Task<WorkMemory> RememberAsync(TestWorker worker, WorkLease lease, WorkStep step) => await WaitedFor(() => worker.Grain.Remember(lease.Name, step));

    /// <summary>Whose lease it is may not be known yet, and a silo that is lost does not answer: the same again, as clients do it.</summary>
    private static async Task<WorkMemory> WaitedFor(Func<Task<WorkMemory>> ask)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException && TimeProvider.System.GetElapsedTime(started) < TestWorker.Patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            }
        }
    }

    [Fact]
    public async Task AStep_IsThereForTheNextAttempt_AndKeepsWhatItHad()
    {
        await using var grid = await TestGrid.StartAsync();
        var (first, second) = (new TestWorker(grid), new TestWorker(grid));
        var job = await grid.Jobs.SubmitAsync("outside", 0, new() { Attempts = 2 });
        var lease = await first.TakeAsync();
        Assert.False(lease.HasMemory);
        Assert.Equal(["charge=17"], Said(await first.Grain.Remember(lease.Name, Step("charge", "17"))));
        Assert.Equal(["charge=17"], Said(await first.Grain.Remember(lease.Name, Step("charge", "18"))));
        // At once, as a handler of several threads may: one question at a time, and each name once.
        var same = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => first.Grain.Remember(lease.Name, Step("pack", $"{n}"))));
        Assert.Single(same.Select(memory => Said(memory)[0]).Distinct());
        Assert.Equal(JobState.Progress, (await job.GetStatusAsync()).State);
        await first.FailAsync(lease, delay: TimeSpan.Zero);
        Assert.Equal(WorkMemoryOutcome.Stale, (await first.Grain.Remember(lease.Name, Step("late", "1"))).Outcome);
        Assert.Equal(WorkMemoryOutcome.Stale, (await first.Grain.Recall(lease.Name, 0)).Outcome);

        var again = await second.TakeAsync();
        Assert.True(again.HasMemory);
        var remembered = await second.Grain.Recall(again.Name, 0);
        Assert.Equal(["charge=17", Said(same[0])[0]], Said(remembered));
        Assert.Null(remembered.Next);
        Assert.Equal(["charge=17"], Said(await second.Grain.Remember(again.Name, Step("charge", "19"))));
        Assert.Equal(WorkMemoryOutcome.Stale, (await second.Grain.Remember(lease.Name, Step("other", "1"))).Outcome);
        Assert.True(await second.SucceedAsync(again));
        Assert.Equal(JobState.Success, (await job.WaitAsync()).State);
    }

    /// <summary>What was done stays done: an attempt that got so far has its policy's failures before it again, not behind it.</summary>
    [Fact]
    public async Task AStepThatIsStored_SetsFailuresBackToNone_ForItsOwnAttemptToo()
    {
        await using var grid = await TestGrid.StartAsync();
        var worker = new TestWorker(grid);
        var job = await grid.Jobs.SubmitAsync("outside", 0, new() { Attempts = 2 });
        await worker.FailAsync(await worker.TakeAsync(), delay: TimeSpan.Zero);
        var second = await worker.TakeAsync();
        await worker.Grain.Remember(second.Name, Step("charge", "1"));
        await worker.FailAsync(second, delay: TimeSpan.Zero);
        var third = await worker.TakeAsync();
        await worker.FailAsync(third, delay: TimeSpan.Zero);
        Assert.Equal(JobState.Failure, (await job.WaitAsync()).State);
    }

    [Fact]
    public async Task BeyondItsBounds_NothingMoreIsRemembered_AndLongMemoriesComeInPages()
    {
        await using var grid = await TestGrid.StartAsync(configure: options => (options.Flows.MaxNames, options.Flows.MaxBytes) = (8, 4 << 20));
        var worker = new TestWorker(grid);
        await grid.Jobs.SubmitAsync("outside", 0);
        var lease = await worker.TakeAsync();
        var large = $"\"{new string('x', 200_000)}\"";
        for (var n = 0; n < 8; n++) Assert.Equal(WorkMemoryOutcome.Done, (await worker.Grain.Remember(lease.Name, Step($"s{n}", large))).Outcome);
        var full = await worker.Grain.Remember(lease.Name, Step("s8", "1"));
        Assert.Equal(WorkMemoryOutcome.Full, full.Outcome);
        Assert.Contains("8 names", full.Reason);
        Assert.Equal(WorkMemoryOutcome.Done, (await worker.Grain.Remember(lease.Name, Step("s7", "1"))).Outcome);
        var names = new List<string>();
        var pages = 0;
        for (long? after = 0; after is { } place; pages++)
        {
            var page = await worker.Grain.Recall(lease.Name, place);
            names.AddRange(page.Steps.Select(step => step.Name));
            after = page.Next;
        }

        Assert.True(pages > 1, $"{pages} pages");
        Assert.Equal(Enumerable.Range(0, 8).Select(n => $"s{n}"), names);
        await worker.SucceedAsync(lease);
    }

    [Fact]
    public async Task Steps_OutliveTheSiloThatKeptTheSession()
    {
        await using var grid = await TestGrid.StartAsync(3, options => options.Outside.Heartbeat = TimeSpan.FromSeconds(8));
        var worker = new TestWorker(grid);
        var jobs = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => grid.Jobs.SubmitAsync("outside", 0)));
        var leases = new List<WorkLease>();
        while (leases.Count < jobs.Length) leases.Add(await worker.TakeAsync());
        foreach (var lease in leases) Assert.Equal(["charge=1"], Said(await RememberAsync(worker, lease, Step("charge", "1"))));

        var partition = grid.Cluster.Client.GetGrain<IManagementGrain>(0);
        var keeper = (await partition.GetActivationAddress(worker.Grain))!;
        await grid.Cluster.KillSiloAsync(grid.Cluster.Silos.Single(silo => silo.SiloAddress.Equals(keeper)));

        await worker.CallAsync();
        foreach (var lease in leases)
        {
            Assert.Equal(["charge=1"], Said(await RememberAsync(worker, lease, Step("charge", "2"))));
            Assert.Equal(["charge=1"], Said(await WaitedFor(() => worker.Grain.Recall(lease.Name, 0))));
            Assert.True(await worker.SucceedAsync(lease));
        }

        var ends = await Task.WhenAll(jobs.Select(job => job.WaitAsync())).WaitAsync(TestWorker.Patience);
        Assert.All(ends, end => Assert.Equal((JobState.Success, 1), (end.State, end.Attempt)));
    }
}
