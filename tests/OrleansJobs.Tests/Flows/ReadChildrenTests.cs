using OrleansJobs.Flows;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Flows;

/// <summary>What a flow is told of children that it reads the results of.</summary>
public class ReadChildrenTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task ThoseThatHaveEnded_SayHow_OthersWhereTheyStand_AndThereMayBeNone()
    {
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout), jobs: static (jobs, _) => jobs
            .AddJob("text-of", (int n, JobContext _, CancellationToken _) => Task.FromResult(new string('x', n)))
            .AddJob("gives-up", (string why, JobContext _, CancellationToken _) => Task.FromException<int>(new GiveUpException(why))));
        var first = await Submit("text-of", 3, "a");
        var failed = await Submit("gives-up", "no reason", "b");
        var waiting = await grid.Jobs.SubmitAsync("text-of", 1, new() { Id = In("c"), Countdown = TimeSpan.FromDays(1) });
        var last = await Submit("text-of", 5000, "d");
        await Task.WhenAll(first.WaitAsync(), failed.WaitAsync(), last.WaitAsync()).WaitAsync(Patience);

        var partition = grid.Cluster.Client.GetGrain<IPartitionFlows>(0);
        var read = await partition.ReadChildren([first.Id, failed.Id, waiting.Id, In("nobody"), last.Id], 1 << 20);
        Assert.Equal([JobState.Success, JobState.Failure, JobState.Pending, null, JobState.Success], read.Select(child => child?.State));
        Assert.Equal(("\"xxx\"", 5002), (System.Text.Encoding.UTF8.GetString(read[0]!.Result!), read[4]!.Result!.Length));
        Assert.Equal((true, true, false), (read[0]!.IsFinished, read[1]!.IsFinished, read[2]!.IsFinished));
        Assert.Equal("no reason", read[1]!.Error!.Message);

        // Of the first as many as fit, and one at least, whichever of them have ended.
        Assert.Equal([last.Id], (await partition.ReadChildren([last.Id, first.Id, failed.Id], 1000)).Select(child => child!.Id));
        Assert.Equal([waiting.Id], (await partition.ReadChildren([waiting.Id, In("nobody"), waiting.Id], 1))[..1].Select(child => child!.Id));

        static string In(string name) => JobIds.EndedIn($"child-{name}-", 0, TestGrid.Partitions);

        Task<JobHandle> Submit<T>(string type, T args, string name) => grid.Jobs.SubmitAsync(type, args, new() { Id = In(name) });
    }
}
