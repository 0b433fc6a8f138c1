using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.TestingHost;
using OrleansJobs.Hosting;
using OrleansJobs.Jobs;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Gateway;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Cluster;

/// <summary>
/// What a partition does while its store takes its time, or has answers of its own. Jobs are of a type that no silo knows, so that nobody but the test takes
/// them.
/// </summary>
public class PartitionGrainTests
{
    private const string Unknown = "unknown-here";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly Task<object?> AskTheStore = Task.FromResult<object?>(null);
    private readonly MemoryPartitionStore _stored = new(GridLayout.Layout);
    private Func<string, object?[], Task<object?>> _watch = (_, _) => AskTheStore;

    [Fact]
    public async Task AnExchange_WhoseNewJobsAFullStoreRefuses_HandsNoneOfThemOut()
    {
        var firstCommit = NewSignal();
        var commits = 0;
        await using var grid = await StartAsync();
        _watch = async (call, args) =>
        {
            if (call != nameof(IPartitionStore.CommitAsync) || !((PartitionCommit)args[0]!).MayBeRefused) return null;
            if (++commits > 1) return CommitOutcome.Full;
            await firstCommit.Task;
            return null;
        };

        var first = Partition(grid).Submit(Job("a"));
        await Eventually.IsTrueAsync(() => commits == 1);
        var second = Partition(grid).Submit(Job("b"));
        await Eventually.AnswersAsync(() => ExchangeAsync(grid, want: 0, sequence: 1), reply => reply.Ready == 2);
        var exchange = ExchangeAsync(grid, want: 10, sequence: 1_000_000);
        await Eventually.AnswersAsync(() => ExchangeAsync(grid, want: 0, sequence: 1), reply => reply.Ready == 0);
        firstCommit.SetResult();

        Assert.Equal("a", Assert.Single((await exchange.WaitAsync(Patience)).Leases).Id);
        Assert.Equal((SubmitOutcome.Accepted, SubmitOutcome.Overloaded), ((await first).Outcome, (await second).Outcome));
    }

    [Fact]
    public async Task AnExchange_ThatIsOvertakenWhileRecordsAreRead_TakesNoMore()
    {
        var driver = Driver();
        foreach (var id in new[] { "a", "b", "c" }) driver.Submit(id, _ => Job(id, bytes: 60_000));
        driver.Commit();
        var (reading, records) = (NewSignal(), NewSignal());
        await using var grid = await StartAsync(options => options.WindowBytes = 1 << 16);
        await Eventually.AnswersAsync(() => ExchangeAsync(grid, want: 0, sequence: 1), reply => reply.Ready == 3);
        _watch = async (call, _) =>
        {
            if (call != nameof(IPartitionStore.ReadRowsAsync)) return null;
            reading.TrySetResult();
            await records.Task;
            return null;
        };

        var exchange = ExchangeAsync(grid, want: 3, sequence: 1_000_000);
        await reading.Task.WaitAsync(Patience);
        await ExchangeAsync(grid, want: 0, sequence: 1_000_001);
        records.SetResult();

        Assert.Equal("a", Assert.Single((await exchange.WaitAsync(Patience)).Leases).Id);
    }

    [Fact]
    public async Task APartition_ThatOpensWithManyLanes_ReadsAFewAtATime()
    {
        const int Lanes = 200;
        const int AtATime = 32;
        var driver = Driver();
        for (var i = 0; i < Lanes; i++) driver.Submit($"job{i}", _ => Job($"job{i}") with { Queue = $"q{i}" });
        driver.Commit();
        var gate = NewSignal();
        var budgets = new ConcurrentQueue<int>();
        var (reading, most, read) = (0, 0, 0);
        _watch = async (call, args) =>
        {
            if (call != nameof(IPartitionStore.ReadPageAsync)) return null;
            budgets.Enqueue(((RowRead)args[4]!).ByteBudget);
            most = Math.Max(most, Interlocked.Increment(ref reading));
            await gate.Task;
            Interlocked.Decrement(ref reading);
            Interlocked.Increment(ref read);
            return null;
        };

        await using var grid = await StartAsync();
        await Eventually.IsTrueAsync(() => reading >= AtATime);
        gate.SetResult();
        await Eventually.IsTrueAsync(() => read == Lanes);

        Assert.Equal(AtATime, most);
        Assert.InRange(budgets.Take(AtATime).Sum(), 1, new JobGridOptions().WindowBytes);
        await Eventually.AnswersAsync(() => ExchangeAsync(grid, want: 0, sequence: 1), reply => reply.Ready == Lanes);
    }

    /// <summary>By it workers share their slots between partitions.</summary>
    [Fact]
    public async Task AnAnswer_SaysWhatTheKeysWeighThatHaveSomethingReady_OfWhatTheWorkerCouldRun()
    {
        await using var grid = await StartAsync();
        Assert.Equal(0, (await ExchangeAsync(grid, want: 0, sequence: 1)).Weight);
        await Partition(grid).Submit(Job("plain"));
        Assert.Equal(0, (await ExchangeAsync(grid, want: 0, sequence: 1)).Weight);
        await grid.Jobs.Keys.PutAsync("heavy", new() { Weight = 4 });
        await grid.Jobs.Keys.PutAsync("full", new() { Concurrency = 1 });
        foreach (var key in new[] { "heavy/1", "heavy/2", "light/1", "full/1", "full/1" }) await grid.Jobs.SubmitAsync(Unknown, "x", new() { Key = key });
        await grid.Jobs.SubmitAsync("unknown-too", "x", new() { Key = "other/1" });
        await grid.Jobs.SubmitAsync(Unknown, "x", new() { Key = "heavy/3", Queue = "paused" });
        await grid.Jobs.SubmitAsync(Unknown, "x", new() { Key = "heavy/4", Countdown = TimeSpan.FromHours(1) });

        // Two of weight 4, two of weight 1 and what has no key.
        var request = new ExchangeRequest { Worker = new() { Silo = grid.Cluster.Silos[0].SiloAddress, SiloName = "test", Types = [Unknown], Closed = ["paused"] }, Sequence = 1_000_000 };
        var exchange = grid.Cluster.Client.GetGrain<IPartitionWork>(0);
        Assert.Equal(11, (await exchange.Exchange(request)).Weight);

        // Limited jobs come for free slots, and the order of turns stops where it is the turn of one that has none.
        var taken = new List<string>();
        for (var more = true; more;)
        {
            var reply = await exchange.Exchange(request = request with { Want = 100, Ahead = 100, Sequence = request.Sequence + 1 });
            taken.AddRange(reply.Leases.Select(lease => lease.Type));
            Assert.Equal(0, reply.Limited);
            Assert.Equal(reply.NeedsSlot ? 0 : 1, reply.Weight == 0 ? 1 : 0);
            more = reply.Leases.Length > 0;
        }

        var withSlot = await exchange.Exchange(request with { Want = 100, Ahead = 99, Sequence = request.Sequence + 1 });
        Assert.Equal((1, false), (withSlot.Limited, withSlot.NeedsSlot));
        // The other of the key waits for its permit, and weighs nothing until then.
        Assert.Equal((0, 5), (withSlot.Weight, taken.Count + withSlot.Leases.Length));
    }

    [Fact]
    public async Task ASubmit_OfAnIdWhoseJobIsBeingForgotten_IsANewJob()
    {
        var (forgetting, forgotten) = (NewSignal(), NewSignal());
        await using var grid = await StartAsync(more: silo => silo.AddIncomingGrainCallFilter(async context =>
        {
            if (context.InterfaceMethod.Name == nameof(IJobFeed.Forget) && forgetting.TrySetResult()) await forgotten.Task;
            await context.Invoke();
        }));
        var job = await grid.Jobs.SubmitAsync("checkpoint", 0, new() { Id = "again", Retention = TimeSpan.FromSeconds(1) });
        var end = await job.WaitAsync().WaitAsync(Patience);
        var deleting = Partition(grid).Delete(job.Id);
        await forgetting.Task.WaitAsync(Patience);
        await Eventually.IsTrueAsync(() => TimeProvider.System.GetUtcNow() > end.FinishedAt + TimeSpan.FromSeconds(1.1));

        var receipt = await Partition(grid).Submit(Job("again") with { Fingerprint = [1] });

        Assert.Equal(SubmitOutcome.Accepted, receipt.Outcome);
        forgotten.SetResult();
        // Whoever deleted the old one hears that the new one has not ended.
        Assert.Equal(JobChangeOutcome.WrongState, (await deleting.WaitAsync(Patience)).Outcome);
        Assert.Equal(Unknown, (await Partition(grid).Get("again"))!.Type);
    }

    [Theory]
    [InlineData(2, 100)]
    [InlineData(100, 2)]
    public async Task Submits_ThatAreLookedUp_AreBoundedAsOthersAre(int maxPending, int maxBacklog)
    {
        await using var grid = await StartAsync(options =>
        {
            options.MaxPendingSubmits = maxPending;
            options.MaxBacklog = maxBacklog;
        });
        // All of them are looked up before the first is found to be new.
        _watch = async (_, _) =>
        {
            await Task.Yield();
            return null;
        };
        var receipts = await Partition(grid).SubmitMany(new([.. Enumerable.Range(0, 5).Select(i => Job($"keyed{i}") with { Fingerprint = [1] })]));
        Assert.Equal((2, 3), (receipts.Count(receipt => receipt.Outcome == SubmitOutcome.Accepted), receipts.Count(receipt => receipt.Outcome == SubmitOutcome.Overloaded)));
        // What has been looked up is held no more.
        Assert.Equal(maxPending == 2 ? SubmitOutcome.Accepted : SubmitOutcome.Overloaded, (await Partition(grid).Submit(Job("next") with { Fingerprint = [1] })).Outcome);
    }

    [Fact]
    public async Task ADeadline_ThatIsDueWhileTheStoreIsAway_IsNotLookedForAgainAndAgain()
    {
        var looked = 0;
        var away = true;
        await using var grid = await StartAsync(options => options.SubmitDeadline = TimeSpan.FromSeconds(1));
        _watch = async (call, args) =>
        {
            if (Reads(call, args, GridLayout.Jobs.Deadlines) && Volatile.Read(ref away))
            {
                Interlocked.Increment(ref looked);
                throw new TimeoutException("The store is away.");
            }

            // No answer before the partition gives up waiting for it, which takes as long as its option says.
            if (call == nameof(IPartitionStore.ReadRowsAsync) && ((IReadOnlyList<string>)args[2]!).Contains("nobody")) await Task.Delay(Patience, TimeProvider.System);
            return null;
        };

        await Partition(grid).Submit(Job("late") with { ExpiresAfter = 1000 });
        await Eventually.IsTrueAsync(() => Volatile.Read(ref looked) > 0);
        Assert.Equal(JobChangeOutcome.Unavailable, (await Partition(grid).Cancel("nobody", new("test"))).Outcome);

        Assert.InRange(Volatile.Read(ref looked), 1, 10);
        Volatile.Write(ref away, false);
        var late = await Eventually.AnswersAsync(() => Partition(grid).Get("late"), status => status!.IsFinished);
        Assert.Equal(JobErrorCodes.Expired, late!.Error!.Code);
    }

    [Fact]
    public async Task AnActivation_ThatCanWriteNoMore_AnswersNobodyFromMemory()
    {
        await using var grid = await StartAsync();
        var status = (await Partition(grid).Submit(Job("a"))).Status!;
        var waiting = Partition(grid).Wait("a", status.Version, TimeSpan.FromSeconds(20));
        Assert.NotNull(await Partition(grid).Get("a"));
        // Another activation opens the partition, somewhere, and changes the job.
        var driver = Driver();
        driver.Now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        driver.Core.Orders.Cancel(driver.Bring("a"), new("test"), driver.Now);
        Assert.Equal(CommitOutcome.Applied, driver.Commit());

        await Assert.ThrowsAnyAsync<OrleansException>(() => Partition(grid).Submit(Job("b")));

        await Assert.ThrowsAnyAsync<OrleansException>(() => waiting.WaitAsync(Patience));
    }

    [Fact]
    public async Task AnAcquittal_IsStoredWithoutAnybodyWaitingForIt()
    {
        var driver = Driver();
        driver.Submit("a", _ => Job("a"));
        driver.Commit();
        foreach (var silo in new[] { CoreDriver.SiloA, CoreDriver.SiloB })
        {
            Assert.Single(driver.Take(CoreDriver.Worker(silo, Unknown)));
            driver.Core.Suspects.Crash(silo.ToParsableString(), driver.Now);
            driver.Commit();
        }

        Assert.True(await IsSuspectAsync());
        // The sweep of finished jobs would commit it too, within a minute.
        _watch = (call, args) => Reads(call, args, GridLayout.Jobs.Retention) ? throw new TimeoutException("The store is away.") : AskTheStore;
        await using var grid = await StartAsync();
        await Eventually.AnswersAsync(() => ExchangeAsync(grid, want: 0, sequence: 1), reply => reply.Suspects);

        await grid.Cluster.Client.GetGrain<IPartitionWork>(0).Explained([CoreDriver.SiloA.ToParsableString()]);

        await Eventually.AnswersAsync(IsSuspectAsync, isSuspect => !isSuspect);
    }

    [Fact]
    public async Task APause_ThatTheStoreHasLost_EndsWhenTheQueueIsResumed()
    {
        await using var grid = await StartAsync();
        var control = grid.Cluster.Client.GetGrain<IQueueControlGrain>(0);
        var before = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await grid.Grid.Pause("elsewhere", new("test"));
        var version = (await control.GetPaused()).Version;
        Assert.True(version >= before);
        // Told to this silo before a failover that lost it.
        Services(grid).GetRequiredService<WorkerEngine>().SetPaused(["q"], version + 1);

        await grid.Grid.Resume("q");

        var job = await grid.Jobs.SubmitAsync("echo", "x", new() { Queue = "q" });
        Assert.Equal("x", await job.ResultAsync<string>().WaitAsync(Patience));
    }

    private Task<TestGrid> StartAsync(Action<JobGridOptions>? configure = null, Action<ISiloBuilder>? more = null) => TestGrid.StartAsync(
        store: WatchedStore.Around(_stored, (call, args) => _watch(call, args)), more: (silo, _) => more?.Invoke(silo), configure: options =>
        {
            options.Partitions = 1;
            configure?.Invoke(options);
        });

    /// <summary>An activation of the partition beside the grid's, on the same store.</summary>
    private CoreDriver Driver() => new(store: _stored);

    private static JobSubmission Job(string id, int bytes = 2) => new() { Id = id, Type = Unknown, Args = System.Text.Encoding.UTF8.GetBytes($"\"{new string('x', bytes - 2)}\"") };

    private static IJobPartitionGrain Partition(TestGrid grid) => grid.Cluster.Client.GetGrain<IJobPartitionGrain>(0);

    private static Task<ExchangeReply> ExchangeAsync(TestGrid grid, int want, long sequence) => grid.Cluster.Client.GetGrain<IPartitionWork>(0).Exchange(new()
    {
        Worker = new() { Silo = grid.Cluster.Silos[0].SiloAddress, SiloName = "test", Types = [Unknown] }, Want = want, Sequence = sequence,
    });

    private async Task<bool> IsSuspectAsync() =>
        (await new JobRows(_stored, 0).ReadAsync(["a"]))[0]!.Track is { } track && JobTrack.Decode(track).IsSuspect;

    private static IServiceProvider Services(TestGrid grid) => ((InProcessSiloHandle)grid.Cluster.Silos[0]).ServiceProvider;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static bool Reads(string call, object?[] args, OrderedSet set) => call == nameof(IPartitionStore.ReadSetAsync) && ((SetName)args[1]!).Part == set;
}
