using OrleansJobs.Hosting;
using OrleansJobs.Tests.Client;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

public class CheckpointTests
{
    [Fact]
    public async Task SaveCheckpoint_WhenTheStoreIsAwayForAWhile_WaitsForIt()
    {
        using var worker = new TestWorker(grid => grid.AddJob("save", (object? _, JobContext job, CancellationToken cancellation) => job.SaveCheckpointAsync(7, cancellation)));
        var feed = worker.Partitions.Feed(worker.Partitions[0].Add("save").Id);
        var asked = 0;
        feed.Before = () => ++asked < 4 ? throw new TimeoutException("The store did not answer.") : Task.CompletedTask;
        worker.Engine.Start();

        var report = Assert.Single(await worker.Partitions.WaitForReports(1));

        Assert.Equal((ReportKind.Succeeded, 4), (report.Kind, asked));
        Assert.Equal("7"u8.ToArray(), feed.Saved);
    }

    [Fact]
    public async Task SaveCheckpoint_WhenTheAttemptIsStale_StopsAtOnce()
    {
        using var worker = new TestWorker(grid => grid.AddJob("save", (object? _, JobContext job, CancellationToken cancellation) => job.SaveCheckpointAsync(7, cancellation)));
        var feed = worker.Partitions.Feed(worker.Partitions[0].Add("save").Id);
        feed.Refuses = true;
        worker.Engine.Start();

        var report = Assert.Single(await worker.Partitions.WaitForReports(1));

        Assert.NotEqual(ReportKind.Succeeded, report.Kind);
        Assert.Null(feed.Saved);
    }

    [Fact]
    public async Task SaveCheckpoint_WhenTheJobIsCancelledMeanwhile_WaitsNoLonger()
    {
        using var worker = new TestWorker(grid => grid.AddJob("save", (object? _, JobContext job, CancellationToken cancellation) => job.SaveCheckpointAsync(7)));
        var lease = worker.Partitions[0].Add("save");
        var asked = new TaskCompletionSource();
        worker.Partitions.Feed(lease.Id).Before = () =>
        {
            asked.TrySetResult();
            throw new TimeoutException("The store did not answer.");
        };
        worker.Engine.Start();
        await asked.Task;

        worker.Engine.Cancel(new LeaseName(lease.Id, lease.Token));

        Assert.Equal(ReportKind.Cancelled, Assert.Single(await worker.Partitions.WaitForReports(1)).Kind);
    }

    [Fact]
    public async Task SaveCheckpoint_WhenItFailsAfterTheSiloIsToStop_IsNoFailedAttempt()
    {
        var time = new ManualTime();
        var (asked, stopped, answer) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        using var worker = new TestWorker(
            grid => grid.AddJob("save", (object? _, JobContext job, CancellationToken cancellation) =>
            {
                cancellation.Register(stopped.SetResult);
                return job.SaveCheckpointAsync(7);
            }),
            time: time);
        worker.Partitions.Feed(worker.Partitions[0].Add("save").Id).Before = () =>
        {
            asked.TrySetResult();
            return answer.Task;
        };
        worker.Engine.Start();
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30));
        var drained = worker.Engine.DrainAsync(CancellationToken.None);
        time.Advance(new JobGridOptions().DrainTime);
        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(30));

        answer.SetException(new TimeoutException("The store did not answer."));

        Assert.Equal(ReportKind.Returned, Assert.Single(await worker.Partitions.WaitForReports(1)).Kind);
        await drained.WaitAsync(TimeSpan.FromSeconds(30));
    }
}
