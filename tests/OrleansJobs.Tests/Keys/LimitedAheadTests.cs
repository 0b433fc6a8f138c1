using System.Collections.Concurrent;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Client;
using OrleansJobs.Tests.Cluster;
using OrleansJobs.Tests.Gateway;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Tests.Workers;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Keys;

/// <summary>Where jobs are short they are leased ahead of slots; those that something limits are not: a permit is for a job that runs.</summary>
public class LimitedAheadTests
{
    private const string Key = "tenant/7";
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly ConcurrentQueue<string> _started = new();

    /// <summary>A lease ahead that finds no slot goes back after a while: who had one has an attempt that says so.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OnAGrid_WhereAllSlotsAreTaken_ALimitedJobHasNoLease_AndAPlainOneHas(bool byQueue)
    {
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout), configure: options => options.Slots = 2);
        if (byQueue) await grid.Jobs.QueueLimits.PutAsync("calls", new() { Concurrency = 10 });
        else await grid.Jobs.Keys.PutAsync("tenant", new() { Concurrency = 10 });
        for (var round = 0; round < 20; round++)
        {
            var jobs = new List<JobHandle>();
            for (var i = 0; i < 20; i++) jobs.Add(await grid.Jobs.SubmitAsync("echo", "x"));
            foreach (var job in jobs) await job.WaitAsync();
        }

        foreach (var id in new[] { "one", "two" })
        {
            await grid.Jobs.SubmitAsync("gate", (object?)null, new() { Id = id });
            await grid.Handlers.Started(id);
        }

        var limited = await grid.Jobs.SubmitAsync("echo", "x", byQueue ? new() { Queue = "calls" } : new() { Key = Key });
        // In its own partition it would have to wait for the limited one's turn.
        var elsewhere = Enumerable.Range(0, 100).Select(i => $"plain{i}").First(id => JobIds.PartitionOf(id, TestGrid.Partitions) != JobIds.PartitionOf(limited.Id, TestGrid.Partitions));
        var plain = await grid.Jobs.SubmitAsync("echo", "x", new() { Id = elsewhere });
        await Eventually.AnswersAsync(() => plain.GetStatusAsync(), status => status!.Attempts.Any(attempt => attempt.Outcome == "returned"));

        var status = (await limited.GetStatusAsync())!;
        Assert.Equal((JobState.Pending, 0), (status.State, status.Attempts.Length));
        if (!byQueue) Assert.Equal(0, (await grid.Jobs.Keys.GetAsync(Key))!.Running);
        grid.Handlers.Release("one");
        Assert.Equal(JobState.Success, (await limited.WaitAsync()).State);
        Assert.Equal(JobState.Success, (await plain.WaitAsync()).State);
    }

    [Fact]
    public async Task OfAPartitionElsewhere_LimitedJobsAreAskedFor_AsSlotsComeFree()
    {
        using var test = await ShortJobsAsync(slots: 2);
        var (worker, partitions) = (test.Worker, test.Partitions);
        partitions[0].Rule("tenant", new() { Concurrency = 10 });
        partitions[0].Submit(2, type: "gate");
        await worker.Until(() => _started.Count == 2);

        partitions[0].Submit(5, Key);
        partitions[1].Submit(20);
        // Leased ahead, without a slot.
        await worker.Until(() => partitions[1].Leased.Length == 20);
        await worker.Until(() => partitions[0].Talks[^1].Reply.NeedsSlot);
        await worker.Settled();
        Assert.Equal(0, partitions[0].RunningOf(Key));

        // There is one slot for twenty five.
        var most = 0;
        test.OnStart = () => most = Math.Max(most, partitions[0].RunningOf(Key));
        Release(_started.First());
        await worker.Until(() => partitions[0].Waiting + partitions[1].Waiting == 0 && partitions[1].Leased.Length == 0 && partitions[0].Leased.Length == 1);
        Assert.Equal(1, most);
        Release(_started.ElementAt(1));
        await worker.Until(() => partitions[0].Leased.Length == 0);
    }

    /// <summary>Who is leased ahead stands in line for every slot that comes free, before anybody else can be asked.</summary>
    [Fact]
    public async Task WhereOthersAreLeasedAhead_EverySecondSlotIsForLimitedJobs()
    {
        using var test = await ShortJobsAsync(slots: 1);
        var (worker, partitions) = (test.Worker, test.Partitions);
        partitions[0].Rule("tenant", new() { Concurrency = 10 });
        partitions[1].Submit(1, type: "gate");
        await worker.Until(() => _started.Count == 1);
        partitions[1].Submit(8);
        await worker.Until(() => partitions[1].Leased.Length == 9);
        partitions[0].Submit(4, Key);
        await worker.Until(() => partitions[0].Talks[^1].Reply.NeedsSlot);

        var order = new ConcurrentQueue<string>();
        test.Note = order.Enqueue;
        Release(_started.Single());
        await worker.Until(() => order.Count == 12);

        var places = order.Select((type, place) => (type, place)).Where(job => job.type == Key).Select(job => job.place).ToArray();
        Assert.Equal(4, places.Length);
        Assert.InRange(places[^1], 4, 9);
    }

    [Fact]
    public async Task AtHome_NoSlotIsSetAside_ForALimitedJobThatWouldWait()
    {
        using var test = await ShortJobsAsync(slots: 2);
        var (worker, partitions) = (test.Worker, test.Partitions);
        partitions[0].Submit(1, type: "gate");
        await worker.Until(() => _started.Count == 1);
        await worker.Until(() => worker.Engine.TryReserve("default", "work", 100, isLimited: true) == 1);
        Assert.Equal(0, worker.Engine.TryReserve("default", "work", 1, isLimited: true));
        // Others go ahead of it, and do not get its slot.
        Assert.InRange(worker.Engine.TryReserve("default", "work", 2), 1, 2);
        worker.Engine.Release("default", 1, isLimited: true);
        Assert.Equal(1, worker.Engine.TryReserve("default", "work", 1, isLimited: true));
    }

    [Fact]
    public void APartition_GivesLimitedJobsForFreeSlotsOnly_AndWhatGoesBeforeThemAhead()
    {
        var driver = new CoreDriver();
        var keys = driver.Core.Keys;
        keys.Rules.Take(Key, keys.Rules.Next(Key, new() { Concurrency = 10 }, null, driver.Now));
        keys.Changed(Key, driver.Now);
        for (var i = 0; i < 4; i++)
        {
            driver.Submit($"plain{i}");
            driver.Submit($"limited{i}", job => job with { Key = Key });
        }

        driver.Commit();
        var slots = new FreeSlots(2);
        var ahead = driver.Core.Dispatch.Take(CoreDriver.Worker(), 100, driver.Now, [], null, slots);

        Assert.Equal(["limited0", "limited1"], slots.Leases.Select(lease => lease.Id));
        // They take turns, and it is a limited one's.
        Assert.InRange(ahead.Count, 2, 3);
        Assert.True(slots.IsMissing);
        Assert.Equal(2, driver.Core.Keys.Find(Key)!.Running);
        Assert.Equal(6 - ahead.Count, driver.Take(want: 100).Count);
    }

    /// <summary>Time stands still, so that nothing that is leased ahead has waited too long.</summary>
    private async Task<ShortJobs> ShortJobsAsync(int slots)
    {
        var partitions = new CorePartitions(2);
        ShortJobs? test = null;
        var worker = new TestWorker(
            grid => grid
                .AddJob("work", (object? _, JobContext job, CancellationToken _) =>
                {
                    test!.OnStart();
                    test.Note(job.Id[..job.Id.IndexOf(':', StringComparison.Ordinal)]);
                    return Task.CompletedTask;
                })
                .AddJob("gate", (object? _, JobContext job, CancellationToken cancellation) =>
                {
                    _started.Enqueue(job.Id);
                    return _gates.GetOrAdd(job.Id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(cancellation);
                }),
            options => (options.Partitions, options.Slots) = (2, slots), new ManualTime(), grid: partitions);
        partitions.Worker = worker.Engine;
        test = new(worker, partitions);
        worker.Engine.Start();
        // Until then it knows of none that they are short.
        for (var round = 0; round < 50; round++)
        {
            partitions[round % 2].Submit(10);
            await worker.Until(() => partitions[round % 2] is { Waiting: 0, Leased.Length: 0 });
        }

        return test;
    }

    private void Release(string id) => _gates.GetOrAdd(id, _ => new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();

    private sealed class ShortJobs(TestWorker worker, CorePartitions partitions) : IDisposable
    {
        public TestWorker Worker { get; } = worker;
        public CorePartitions Partitions { get; } = partitions;
        public Action OnStart { get; set; } = static () => { };
        public Action<string> Note { get; set; } = static _ => { };

        public void Dispose() => Worker.Dispose();
    }
}
