using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Dependencies;

/// <summary>A submit that needs a letter, where as many wait as may: refused for now, while what needs none is taken.</summary>
public class AfterAtTheBoundTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task ASubmitThatFollows_IsOverloaded_UntilLettersAreDelivered()
    {
        var (held, release) = (0, new TaskCompletionSource());
        var leader = JobIds.EndedIn("leader-", 1, TestGrid.Partitions);
        var store = WatchedStore.Around(new MemoryPartitionStore(GridLayout.Layout), async (name, args) =>
        {
            if (name == nameof(IPartitionStore.CommitAsync) && args[0] is PartitionCommit { Partition: 1 } && Volatile.Read(ref held) == 1) await release.Task;
            return null;
        });
        await using var grid = await TestGrid.StartAsync(configure: options => options.MaxLetters = 1, store: store);
        await grid.Jobs.SubmitAsync("echo", "x", new() { Id = leader, Countdown = TimeSpan.FromHours(1) });

        // The leader's partition stores nothing, and so takes no letter in.
        Volatile.Write(ref held, 1);
        Assert.Equal(SubmitOutcome.Accepted, (await SubmitAsync(grid, "first", leader)).Outcome);
        var refused = await SubmitAsync(grid, "second", leader);
        Assert.Equal(SubmitOutcome.Overloaded, refused.Outcome);
        Assert.Contains("1 letters", refused.Reason, StringComparison.Ordinal);
        Assert.True(refused.RetryAfter > TimeSpan.Zero);
        Assert.Equal(SubmitOutcome.Accepted, (await SubmitAsync(grid, "plain", null)).Outcome);

        release.SetResult();
        using var patience = new CancellationTokenSource(Patience);
        while ((await SubmitAsync(grid, "second", leader)).Outcome == SubmitOutcome.Overloaded) patience.Token.ThrowIfCancellationRequested();
    }

    private static Task<SubmitReceipt> SubmitAsync(TestGrid grid, string head, string? leader) => grid.Cluster.Client.GetGrain<IJobPartitionGrain>(0).Submit(new JobSubmission
    {
        Id = JobIds.EndedIn(head + "-", 0, TestGrid.Partitions), Type = "echo", Args = "\"x\""u8.ToArray(), Countdown = 3_600_000,
        After = leader is null ? [] : [new JobDependency(leader)],
    });
}
