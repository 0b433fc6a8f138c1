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

    /// <summary>Whatever goes first takes a slot that is free: limited jobs pass nobody for being limited.</summary>
    [Fact]
    public async Task WhatGoesBeforeALimitedJobInItsPartition_HasTheFreeSlot()
    {
        using var test = await ShortJobsAsync(slots: 1);
        var (worker, partitions) = (test.Worker, test.Partitions);
        partitions[0].Rule("tenant", new() { Concurrency = 10 });
        var order = new ConcurrentQueue<string>();
        test.Note = order.Enqueue;
        // From now on the partition is asked with the slot.
        partitions[0].Submit(1, Key);
        await worker.Until(() => order.Count == 1 && partitions[0].Leased.Length == 0);
        await worker.Settled();

        partitions[0].Add(3, priority: 9);
        partitions[0].Submit(1, Key, priority: 0);
        await worker.Until(() => order.Count == 5);

        // From then on every second slot is for limited ones.
        Assert.Equal("plain", order.ElementAt(1));
        Assert.Contains(partitions[0].Talks, talk => talk.Request.Want > 4 && talk.Request.Want - talk.Request.Ahead == 1 && talk.Reply.Leases.Length == 3);
    }

    /// <summary>It is asked for apart, and not counted among what is ready.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task ALimitedSuspect_ComesInCompany_WhereOthersAreLeasedAhead(int taken)
    {
        using var test = await ShortJobsAsync(slots: 2);
        var (worker, partitions) = (test.Worker, test.Partitions);
        partitions[0].Rule("tenant", new() { Concurrency = 1, Order = KeyOrder.Fifo });
        partitions[0].AddSuspect(Key);
        partitions[1].Submit(taken, type: "gate");
        await worker.Until(() => _started.Count == taken);
        var ran = new TaskCompletionSource();
        test.Note = _ => ran.TrySetResult();
        worker.Engine.HasSuspects(0, "default", "work");
        await worker.Until(() => partitions.Trials.Asked == 1);
        await worker.Settled();

        // It does not come to stand empty in its time.
        test.Time.Advance(TimeSpan.FromMinutes(1));
        if (taken == 2)
        {
            await worker.Until(() => partitions[0].Talks[^1].Reply.NeedsSlot);
            Release(_started.First());
        }

        await worker.Until(() => ran.Task.IsCompleted);
    }

    /// <summary>Others that are here have the slots then.</summary>
    [Fact]
    public async Task APartitionThatDoesNotAnswer_HasSlotsKeptForIt_ForAMomentOnly()
    {
        using var test = await ShortJobsAsync(slots: 1);
        var (worker, partitions) = (test.Worker, test.Partitions);
        partitions[0].Rule("tenant", new() { Concurrency = 10 });
        partitions[1].Submit(1, type: "gate");
        await worker.Until(() => _started.Count == 1);
        partitions[0].Submit(1, Key);
        await worker.Until(() => partitions[0].Talks[^1].Reply.NeedsSlot);
        var (asked, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        partitions[0].Before = request =>
        {
            if (request.Want > request.Ahead) asked.TrySetResult();
            return answer.Task;
        };
        partitions[1].Submit(40);
        await worker.Until(() => partitions[1].Leased.Length > 1);
        await worker.Settled();
        var order = new ConcurrentQueue<string>();
        test.Note = order.Enqueue;

        Release(_started.Single());
        await worker.Until(() => asked.Task.IsCompleted);
        await worker.Settled();
        Assert.InRange(order.Count, 0, 39);
        test.Time.Advance(TimeSpan.FromMilliseconds(AskPlan.TurnPatience));
        await worker.Until(() => order.Count == 40);

        answer.SetResult();
        await worker.Until(() => order.Contains(Key));
    }

    [Fact]
    public void APartition_GivesLimitedJobsForFreeSlotsOnly_AndOthersAheadAsWell()
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
        var leases = driver.Core.Dispatch.Take(CoreDriver.Worker(), 100, driver.Now, [], null, slots);

        // They take turns, and the slots with them; then it is a limited one's, and there is none.
        Assert.InRange(leases.Count, 2, 3);
        Assert.Equal(2, slots.Limited);
        Assert.Contains(leases.Take(2), lease => lease.Id == "limited0");
        Assert.True(slots.IsMissing);
        Assert.Equal(1, driver.Core.Keys.Find(Key)!.Running);
        Assert.Equal(8 - leases.Count, driver.Take(want: 100).Count);
    }

    [Fact]
    public void WhereNoneIsLimited_NobodyNeedsToKnowWhichHaveSlots()
    {
        var driver = new CoreDriver();
        for (var i = 0; i < 4; i++) driver.Submit($"plain{i}");
        driver.Commit();
        var slots = new FreeSlots(2);
        Assert.Equal(4, driver.Core.Dispatch.Take(CoreDriver.Worker(), 100, driver.Now, [], null, slots).Count);
        Assert.Equal((0, false), (slots.Limited, slots.IsMissing));
    }

    /// <summary>Time stands still, so that nothing that is leased ahead has waited too long.</summary>
    private async Task<ShortJobs> ShortJobsAsync(int slots)
    {
        var partitions = new CorePartitions(2);
        ShortJobs? test = null;
        var time = new ManualTime();
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
            options => (options.Partitions, options.Slots) = (2, slots), time, grid: partitions);
        partitions.Worker = worker.Engine;
        test = new(worker, partitions, time);
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

    private sealed class ShortJobs(TestWorker worker, CorePartitions partitions, ManualTime time) : IDisposable
    {
        public TestWorker Worker { get; } = worker;
        public CorePartitions Partitions { get; } = partitions;
        public ManualTime Time { get; } = time;
        public Action OnStart { get; set; } = static () => { };
        public Action<string> Note { get; set; } = static _ => { };

        public void Dispose() => Worker.Dispose();
    }
}
