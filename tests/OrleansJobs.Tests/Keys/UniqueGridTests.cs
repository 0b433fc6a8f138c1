using OrleansJobs.Hosting;
using OrleansJobs.Keys;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Keys;

/// <summary>Submits of unique jobs on a grid whose store is slow, or full, at the wrong moment.</summary>
public class UniqueGridTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), Deadline = TimeSpan.FromSeconds(1);
    private readonly MemoryPartitionStore _inner = new(GridLayout.Layout);
    private Func<string, object?[], Task<object?>> _watch = (_, _) => Task.FromResult<object?>(null);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReplacingOneThatWaitsForAnother_IsDueAtOnce(bool alsoFollows)
    {
        await using var grid = await StartAsync();
        var leader = await grid.Jobs.SubmitAsync("gate", 0);
        var first = await SubmitAsync(grid, "v", new() { On = UniqueOn.Replace }, job => job with { After = [new(leader.Id)] });
        var second = await SubmitAsync(grid, "v", new() { On = UniqueOn.Replace }, job => alsoFollows ? job with { After = [new(leader.Id)] } : job);
        Assert.Equal((SubmitOutcome.Accepted, SubmitOutcome.Accepted), (first.Outcome, second.Outcome));
        if (alsoFollows) grid.Handlers.Release(leader.Id);
        Assert.Equal(JobState.Success, (await grid.Jobs.Get(second.Id).WaitAsync().WaitAsync(Patience)).State);
        Assert.Equal(JobState.Revoked, (await grid.Jobs.Get(first.Id).GetStatusAsync()).State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ASubmitThatHasTakenAnothersPlace_IsNotRefusedByAFullStore(bool follows)
    {
        await using var grid = await StartAsync();
        var leader = await grid.Jobs.SubmitAsync("gate", 0);
        var first = await SubmitAsync(grid, "v", Debounce, Later);
        var refused = 0;
        _watch = (name, args) => Task.FromResult<object?>(name == nameof(IPartitionStore.CommitAsync) && ((PartitionCommit)args[0]!).MayBeRefused && Interlocked.Increment(ref refused) > 0 ? CommitOutcome.Full : null);
        var second = await SubmitAsync(grid, "v", Debounce, job => follows ? Later(job) with { After = [new(leader.Id)] } : Later(job));
        _watch = (_, _) => Task.FromResult<object?>(null);
        Assert.Equal(SubmitOutcome.Accepted, second.Outcome);
        Assert.Equal(JobState.Revoked, (await grid.Jobs.Get(first.Id).GetStatusAsync()).State);
        Assert.Equal(JobState.Pending, (await grid.Jobs.Get(second.Id).GetStatusAsync()).State);
        // The store was full for whoever could be refused.
        _watch = (name, args) => Task.FromResult<object?>(name == nameof(IPartitionStore.CommitAsync) && ((PartitionCommit)args[0]!).MayBeRefused && Interlocked.Increment(ref refused) > 0 ? CommitOutcome.Full : null);
        Assert.Equal(SubmitOutcome.Overloaded, (await SubmitAsync(grid, "other", Debounce, Later)).Outcome);
        Assert.Equal(1, refused);
    }

    [Fact]
    public async Task RunningOneAgain_WhileTheStoreIsSlow_DoesNotPassByItsValue()
    {
        await using var grid = await StartAsync();
        var first = await SubmitAsync(grid, "v", new(), job => job with { Type = "fail", Args = "\"no\""u8.ToArray(), Attempts = 1 });
        await grid.Jobs.Get(first.Id).WaitAsync().WaitAsync(Patience);
        var second = await SubmitAsync(grid, "v", new(), job => job with { Type = "gate" });
        await grid.Handlers.Started(second.Id);
        var (held, answer) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        // The first look alone.
        _watch = async (name, args) =>
        {
            if (IsReadOf(name, args, first.Id) && Interlocked.Increment(ref held) == 1) await answer.Task;
            return null;
        };
        var change = await Partition(grid, first.Id).Retry(first.Id, new("test"));
        answer.SetResult();
        Assert.Equal((JobChangeOutcome.Unavailable, 1), (change.Outcome, held));
        Assert.Equal(JobState.Failure, (await grid.Jobs.Get(first.Id).GetStatusAsync()).State);
        Assert.Equal(JobChangeOutcome.WrongState, (await Partition(grid, first.Id).Retry(first.Id, new("test"))).Outcome);
    }

    [Fact]
    public async Task ARepeatOfASubmitThatNobodyWaitsForAnyMore_FindsIt_AndDoesNotTakeItsPlace()
    {
        await using var grid = await StartAsync();
        var (commits, isSent, isHeld) = (New(), New(), true);
        var earlier = Placed(grid, "v", Debounce, Later);
        _watch = async (name, args) =>
        {
            if (name != nameof(IPartitionStore.CommitAsync) || !Volatile.Read(ref isHeld) || !((PartitionCommit)args[0]!).Of(GridLayout.Jobs.Specs).Puts.Exists(row => row.Key == earlier.Id)) return null;
            isSent.TrySetResult();
            await commits.Task;
            return null;
        };
        var job = Placed(grid, "v", Debounce, Later);
        job = job with { Fingerprint = SubmissionFingerprint.Of(job) };
        var other = job with { Args = "\"other\""u8.ToArray() };
        other = other with { Fingerprint = SubmissionFingerprint.Of(other) };
        // Its commit is under way, so whose turn it is next waits for that; it is told that the store does not answer, and goes on when it does.
        var before = Partition(grid, earlier.Id).Submit(earlier);
        await isSent.Task.WaitAsync(Patience);
        Assert.Equal(SubmitOutcome.Unavailable, (await before).Outcome);
        Assert.Equal(SubmitOutcome.Unavailable, (await Partition(grid, job.Id).Submit(job)).Outcome);
        var repeat = Partition(grid, job.Id).Submit(job);
        var reused = Partition(grid, job.Id).Submit(other);
        Volatile.Write(ref isHeld, false);
        commits.SetResult();
        Assert.Equal((SubmitOutcome.Replayed, job.Id, JobState.Pending), ((await repeat).Outcome, (await repeat).Id, (await repeat).Status?.State));
        Assert.Equal(SubmitOutcome.Conflict, (await reused).Outcome);
        Assert.Equal(JobState.Pending, (await grid.Jobs.Get(job.Id).GetStatusAsync()).State);
        Assert.Equal(JobState.Revoked, (await grid.Jobs.Get(earlier.Id).GetStatusAsync()).State);
    }

    [Fact]
    public async Task WhoRepeatsASubmitThatStalls_TakesNobodyElsesPlace()
    {
        const int Most = 3;
        await using var grid = await StartAsync(options => options.MaxPendingSubmits = Most);
        var answer = New();
        var job = Placed(grid, "v", new(), Later);
        _watch = async (name, args) =>
        {
            if (IsReadOf(name, args, job.Id)) await answer.Task;
            return null;
        };
        var receipts = await Task.WhenAll(Enumerable.Range(0, Most).Select(_ => Partition(grid, job.Id).Submit(job)));
        Assert.All(receipts, receipt => Assert.Equal(SubmitOutcome.Unavailable, receipt.Outcome));
        var place = JobIds.PartitionOf(job.Id, TestGrid.Partitions);
        var other = Enumerable.Range(0, 1000).Select(number => $"other-{number}").First(id => JobIds.PartitionOf(id, TestGrid.Partitions) == place);
        var receipt = await Partition(grid, other).Submit(new() { Id = other, Type = "echo", Args = "\"x\""u8.ToArray() });
        answer.SetResult();
        Assert.Equal(SubmitOutcome.Accepted, receipt.Outcome);
        // Those that were answered before they were looked for have made nothing.
        Assert.Equal(SubmitOutcome.Accepted, (await Partition(grid, job.Id).Submit(job)).Outcome);
        Assert.Equal(SubmitOutcome.Replayed, (await Partition(grid, job.Id).Submit(job)).Outcome);
    }

    [Fact]
    public async Task ThoseThatWereAnswered_BeforeItWasTheirTurn_DoNothingMore()
    {
        await using var grid = await StartAsync();
        var (isSent, commits, isHeld) = (New(), New(), true);
        var earlier = Placed(grid, "v", Debounce, Later);
        _watch = async (name, args) =>
        {
            if (name != nameof(IPartitionStore.CommitAsync) || !Volatile.Read(ref isHeld) || !((PartitionCommit)args[0]!).Of(GridLayout.Jobs.Specs).Puts.Exists(row => row.Key == earlier.Id)) return null;
            isSent.TrySetResult();
            await commits.Task;
            return null;
        };
        var first = Partition(grid, earlier.Id).Submit(earlier);
        await isSent.Task.WaitAsync(Patience);
        // The first of them has its turn when the one before it is answered, and waits for the store; nobody waits for the others by the time that it answers.
        var next = Placed(grid, "v", Debounce, Later);
        var second = Partition(grid, next.Id).Submit(next);
        Assert.Equal(SubmitOutcome.Unavailable, (await first).Outcome);
        Assert.Equal(SubmitOutcome.Unavailable, (await second).Outcome);
        var others = Enumerable.Range(0, 5).Select(_ => Placed(grid, "v", Debounce, Later)).ToArray();
        Assert.All(await Task.WhenAll(others.Select(job => Partition(grid, job.Id).Submit(job))), receipt => Assert.Equal(SubmitOutcome.Unavailable, receipt.Outcome));
        var last = Placed(grid, "v", Debounce, Later);
        var newest = Partition(grid, last.Id).Submit(last);
        Volatile.Write(ref isHeld, false);
        commits.SetResult();
        Assert.Equal(SubmitOutcome.Accepted, (await newest).Outcome);
        var done = await Task.WhenAll(others.Append(next).Select(job => Partition(grid, job.Id).Get(job.Id)));
        Assert.InRange(done.Count(status => status is not null), 0, 1);
        Assert.Equal(JobState.Pending, (await grid.Jobs.Get(last.Id).GetStatusAsync()).State);
    }

    [Fact]
    public async Task OfAValueThatIsAskedForTooOften_SubmitsAreRefused_AndOthersAreNot()
    {
        const int Most = 10;
        await using var grid = await StartAsync(options => (options.MaxPendingSubmits, options.SubmitDeadline) = (Most, Patience));
        var (isRead, answer) = (New(), New());
        _watch = async (name, args) =>
        {
            if (!IsReadOf(name, args, UniqueBook.NameOf(null, "v"))) return null;
            isRead.TrySetResult();
            await answer.Task;
            return null;
        };
        var first = SubmitAsync(grid, "v", Debounce, Later);
        await isRead.Task.WaitAsync(Patience);
        var waiting = Enumerable.Range(0, Most).Select(_ => SubmitAsync(grid, "v", Debounce, Later)).ToArray();
        var refused = await Task.WhenAny(waiting).WaitAsync(Patience);
        Assert.Equal(SubmitOutcome.Overloaded, (await refused).Outcome);
        var place = JobIds.PartitionOf(Placed(grid, "v", new()).Id, TestGrid.Partitions);
        var other = Enumerable.Range(0, 1000).Select(number => $"other-{number}").First(id => JobIds.PartitionOf(id, TestGrid.Partitions) == place);
        Assert.Equal(SubmitOutcome.Accepted, (await Partition(grid, other).Submit(new() { Id = other, Type = "echo", Args = "\"x\""u8.ToArray() })).Outcome);
        answer.SetResult();
        Assert.Equal(SubmitOutcome.Accepted, (await first).Outcome);
        var outcomes = (await Task.WhenAll(waiting)).Select(receipt => receipt.Outcome).ToList();
        Assert.Equal((Most / 2, Most / 2), (outcomes.Count(outcome => outcome == SubmitOutcome.Overloaded), outcomes.Count(outcome => outcome == SubmitOutcome.Accepted)));
    }

    [Fact]
    public async Task AResultThatIsShared_IsShared_WhileTheRowOfItsValueIsBeingRead()
    {
        await using var grid = await StartAsync();
        var shared = new JobUnique { For = 600_000 };
        var first = await SubmitAsync(grid, "v", shared, job => job with { Type = "gate" });
        await grid.Handlers.Started(first.Id);
        var (isRead, answer) = (New(), New());
        _watch = async (name, args) =>
        {
            if (name != nameof(IPartitionStore.ReadRowsAsync) || !((IReadOnlyList<string>)args[2]!).Contains(UniqueBook.NameOf(null, "v"))) return null;
            var rows = await _inner.ReadRowsAsync((int)args[0]!, (RowRead)args[1]!, (IReadOnlyList<string>)args[2]!);
            isRead.TrySetResult();
            await answer.Task;
            return rows;
        };
        var second = SubmitAsync(grid, "v", shared);
        await isRead.Task.WaitAsync(Patience);
        grid.Handlers.Release(first.Id);
        await grid.Jobs.Get(first.Id).WaitAsync().WaitAsync(Patience);
        answer.SetResult();
        Assert.Equal((SubmitOutcome.Coalesced, first.Id), ((await second).Outcome, (await second).Id));
    }

    [Fact]
    public async Task WhoMayUseOneQueueOnly_LearnsNothingOfAJobInAnother_AndCancelsItNot()
    {
        await using var grid = await StartAsync();
        var first = await SubmitAsync(grid, "v", new(), job => Later(job) with { Queue = "b" });
        foreach (var on in Enum.GetValues<UniqueOn>())
        {
            var receipt = await SubmitAsync(grid, "v", new() { On = on }, job => Later(job) with { Queue = "a", KeepsToQueue = true });
            Assert.Equal((SubmitOutcome.NotUnique, null), (receipt.Outcome, receipt.Status));
            Assert.DoesNotContain(first.Id, $"{receipt.Id} {receipt.Reason}", StringComparison.Ordinal);
        }

        Assert.Equal(JobState.Pending, (await grid.Jobs.Get(first.Id).GetStatusAsync()).State);
        Assert.Equal(SubmitOutcome.Coalesced, (await SubmitAsync(grid, "v", new(), job => job with { Queue = "b", KeepsToQueue = true })).Outcome);
    }

    private static JobUnique Debounce => new() { On = UniqueOn.Debounce };

    private static JobSubmission Later(JobSubmission job) => job with { Countdown = 3_600_000 };

    private Task<TestGrid> StartAsync(Action<JobGridOptions>? configure = null) => TestGrid.StartAsync(
        store: WatchedStore.Around(_inner, (name, args) => _watch(name, args)), configure: options =>
        {
            options.SubmitDeadline = Deadline;
            configure?.Invoke(options);
        });

    private static JobSubmission Placed(TestGrid grid, string value, JobUnique unique, Func<JobSubmission, JobSubmission>? with = null)
    {
        var job = new JobSubmission { Id = "", Type = "echo", Args = "\"x\""u8.ToArray(), Unique = unique with { Value = value } };
        return JobKeys.Placed(with is null ? job : with(job), TestGrid.Partitions, TimeProvider.System);
    }

    private static Task<SubmitReceipt> SubmitAsync(TestGrid grid, string value, JobUnique unique, Func<JobSubmission, JobSubmission>? with = null)
    {
        var job = Placed(grid, value, unique, with);
        return Partition(grid, job.Id).Submit(job);
    }

    private static IJobPartitionGrain Partition(TestGrid grid, string id) => grid.Cluster.Client.GetGrain<IJobPartitionGrain>(JobIds.PartitionOf(id, TestGrid.Partitions));

    private static bool IsReadOf(string name, object?[] args, string id) => name == nameof(IPartitionStore.ReadRowsAsync) && ((IReadOnlyList<string>)args[2]!).Contains(id);

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
