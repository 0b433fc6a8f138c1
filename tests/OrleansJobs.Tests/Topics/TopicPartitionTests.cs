using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;
using OrleansJobs.Tests.Gateway;
using OrleansJobs.Topics;

namespace OrleansJobs.Tests.Topics;

/// <summary>What becomes of events and bindings where stores, partitions and messages do not do as they should, in a whole grid.</summary>
public sealed class TopicPartitionTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly int Home = TopicHome.Of(TestGrid.Partitions);

    private readonly MemoryPartitionStore _store = new(GridLayout.Layout);
    private TestGrid _grid = null!;

    /// <summary>What a commit of a partition is held by; null: nothing.</summary>
    private Func<PartitionCommit, Task?> _hold = _ => null;

    public async Task InitializeAsync()
    {
        var watched = WatchedStore.Around(_store, async (call, args) =>
        {
            if (call == nameof(IPartitionStore.CommitAsync) && _hold((PartitionCommit)args[0]!) is { } held) await held;
            return null;
        });
        _grid = await TestGrid.StartAsync(configure: options => options.SubmitDeadline = TimeSpan.FromSeconds(2), store: watched);
    }

    public async Task DisposeAsync() => await _grid.DisposeAsync();

    /// <summary>Its silo may be cut off from the others, and be reached all the same.</summary>
    [Fact]
    public async Task AnActivationThatHasBeenSucceeded_SaysOfNoEventThatNothingIsBound()
    {
        var id = await EventAtHomeAsync("x");
        Assert.Empty((await _grid.Jobs.Topics.PublishAsync("x", "1", id)).Jobs);
        // Another opens the partition, and a binding is put there.
        var opening = await _store.OpenAsync(Home);
        var commit = new PartitionCommit(Home, opening.Generation, 1);
        commit.Put(GridLayout.Topics.Bindings, "b", BindingRecord.Encode(new TopicBinding { Id = "b", Pattern = "x", Type = "echo", Version = 7 }));
        commit.Put(GridLayout.Topics.Versions, TopicTables.Known, BindingRecord.Encode(new BindingsVersion(opening.Generation, 7)));
        Assert.Equal(CommitOutcome.Applied, await _store.CommitAsync(commit));
        var told = await _grid.Jobs.Topics.PublishAsync("x", "1", id);
        Assert.Equal("b", Assert.Single(told.Jobs).Binding);
    }

    [Fact]
    public async Task AnEventThatIsPublishedAgain_DoesNotMakeAnewWhatMemoryAndStoreHaveLetGoOf()
    {
        await BindAsync("one", "again");
        await BindAsync("two", "again");
        var first = await _grid.Jobs.Topics.PublishAsync("again", "1", "e-1");
        var gone = first.Jobs.Single(job => job.Binding == "one").Id;
        await _grid.Jobs.Get(gone).WaitAsync().WaitAsync(Patience);
        Assert.True(await _grid.Jobs.Get(gone).DeleteAsync());
        var again = await _grid.Jobs.Topics.PublishAsync("again", "1", "e-1");
        Assert.Equal((true, string.Join(' ', first.Jobs)), (again.IsReplayed, string.Join(' ', again.Jobs)));
        await Assert.ThrowsAsync<JobNotFoundException>(() => _grid.Jobs.Get(gone).GetStatusAsync());
        // One that has come in between has its job made all the same.
        await BindAsync("three", "again");
        var later = await _grid.Jobs.Topics.PublishAsync("again", "1", "e-1");
        Assert.False(later.IsReplayed);
        await _grid.Jobs.Get(later.Jobs.Single(job => job.Binding == "three").Id).WaitAsync().WaitAsync(Patience);
        await Assert.ThrowsAsync<JobNotFoundException>(() => _grid.Jobs.Get(gone).GetStatusAsync());
    }

    /// <summary>As a message may that was held up on its way, while its sender has sent it again.</summary>
    [Fact]
    public async Task AFirstTryThatComesLate_FindsWhatTheSecondHasMade()
    {
        await BindAsync("late", "late");
        var id = JobIds.New(new Past(TimeSpan.FromSeconds(30)));
        var info = await _grid.Grid.GetInfo();
        var told = new TopicEvent { Id = TopicEvent.IdOf(info.IdSecret, "test", "late", id), EventId = id, Key = "late", Data = "\"1\""u8.ToArray(), IsFresh = true };
        var partition = _grid.Cluster.Client.GetGrain<IPartitionTopics>(JobIds.PartitionOf(told.Id, info.Partitions));
        var second = await partition.Publish(told with { IsFresh = false });
        await _grid.Jobs.Get(second.Jobs[0].Id).WaitAsync().WaitAsync(Patience);
        var first = await partition.Publish(told);
        Assert.Equal((PublishOutcome.Replayed, second.Jobs[0]), (first.Outcome, first.Jobs[0]));

        var plain = new JobSubmission { Id = id, Type = "echo", Args = "\"1\""u8.ToArray() };
        var jobs = _grid.Cluster.Client.GetGrain<IJobPartitionGrain>(JobIds.PartitionOf(id, info.Partitions));
        Assert.Equal(SubmitOutcome.Accepted, (await jobs.Submit(plain with { MayExist = true })).Outcome);
        await _grid.Jobs.Get(id).WaitAsync().WaitAsync(Patience);
        Assert.Equal(SubmitOutcome.Replayed, (await jobs.Submit(plain)).Outcome);
        Assert.Equal(1, _grid.Handlers.Starts.Count(start => start.Id == id));
        Assert.Equal(1, _grid.Handlers.Starts.Count(start => start.Id == second.Jobs[0].Id));
    }

    [Fact]
    public async Task WhatIsStoredAfterItsPublisherWasToldThatNobodyKnows_IsAGapToThoseWhoListen()
    {
        await BindAsync("held", "held");
        var info = await _grid.Grid.GetInfo();
        var told = new TopicEvent { Id = TopicEvent.IdOf(info.IdSecret, "test", "held", "h-1"), EventId = "h-1", Key = "held", Data = "\"1\""u8.ToArray() };
        var number = JobIds.PartitionOf(told.Id, info.Partitions);
        var partition = _grid.Cluster.Client.GetGrain<IPartitionTopics>(number);
        var place = (await partition.ListenToTopics(default, TimeSpan.Zero)).Place;
        var (gate, came) = (new TaskCompletionSource(), new TaskCompletionSource());
        _hold = commit =>
        {
            if (commit.Partition != number || commit.Of(GridLayout.Jobs.Specs).Puts.Count == 0) return null;
            came.TrySetResult();
            return gate.Task;
        };
        var answer = partition.Publish(told);
        await came.Task.WaitAsync(Patience);
        Assert.Equal(PublishOutcome.Unavailable, (await answer.WaitAsync(Patience)).Outcome);
        var heard = await partition.ListenToTopics(place, TimeSpan.FromSeconds(10));
        Assert.True(heard.HasGap);
        _hold = _ => null;
        gate.SetResult();
        Assert.Equal(PublishOutcome.Replayed, (await partition.Publish(told)).Outcome);
        Assert.Empty((await partition.ListenToTopics(heard.Place, TimeSpan.Zero)).Events);
    }

    /// <summary>Whoever asked for it does not come again, and it holds everywhere all the same.</summary>
    [Fact]
    public async Task ABindingWhosePutWasAnsweredThatNobodyKnows_IsToldOn()
    {
        var info = await _grid.Grid.GetInfo();
        var home = _grid.Cluster.Client.GetGrain<IPartitionTopics>(Home);
        var other = (Home + 1) % info.Partitions;
        var (gate, came) = (new TaskCompletionSource(), new TaskCompletionSource());
        _hold = commit =>
        {
            if (commit.Partition != other || commit.Of(GridLayout.Topics.Versions).Puts.Count == 0) return null;
            came.TrySetResult();
            // It was not to be: this partition is opened anew.
            return gate.Task;
        };
        var put = home.PutBinding(new() { Id = "told-on", Pattern = "told-on", Type = "echo" });
        await came.Task.WaitAsync(Patience);
        // The call that tells it breaks off, as one does whose partition moves.
        await _store.OpenAsync(other);
        gate.SetResult();
        Assert.Equal(BindingOutcome.Unavailable, (await put.WaitAsync(Patience)).Outcome);
        _hold = _ => null;
        await Eventually.AnswersAsync(async () => BindingRecord.DecodeVersion((await _store.ReadRowsAsync(other, new(GridLayout.Topics.Versions), [TopicTables.Known]))[0][0] ?? new byte[16]), known => known.Number > 0);
    }

    private Task<TopicBinding> BindAsync(string id, string pattern) => _grid.Jobs.Topics.PutAsync(new() { Id = id, Pattern = pattern, Type = "echo", Queue = "default" });

    /// <summary>The id of an event that belongs to the home of bindings.</summary>
    private async Task<string> EventAtHomeAsync(string key)
    {
        var info = await _grid.Grid.GetInfo();
        return Enumerable.Range(0, 1000).Select(n => $"e-{n}").First(id => JobIds.PartitionOf(TopicEvent.IdOf(info.IdSecret, new JobClientOptions().Name, key, id), info.Partitions) == Home);
    }

    private sealed class Past(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() - by;
    }
}
