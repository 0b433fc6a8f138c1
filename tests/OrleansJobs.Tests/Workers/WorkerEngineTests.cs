using System.Text;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

public class WorkerEngineTests
{
    [Fact]
    public async Task Start_AsksEveryPartition_AndRunsWhatTheyHave()
    {
        using var worker = new TestWorker(grid => grid.AddJob("double", (int args, JobContext job, CancellationToken ct) => Task.FromResult(args * 2)));
        for (var i = 0; i < 100; i++) worker.Partitions[i % 4].Add("double", $"{i}");
        worker.Engine.Start();
        var reports = await worker.Partitions.WaitForReports(100);
        Assert.All(reports, report => Assert.Equal(ReportKind.Succeeded, report.Kind));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => i * 2), reports.Select(report => int.Parse(Encoding.UTF8.GetString(report.Result!))).Order());
    }

    [Fact]
    public async Task Submit_AfterTheWorkerWasIdle_ReachesItByAHint()
    {
        using var worker = new TestWorker(grid => grid.AddJob("work", (int args, JobContext job, CancellationToken ct) => Task.CompletedTask));
        worker.Engine.Start();
        for (var round = 0; round < 200; round++)
        {
            worker.Partitions[round % 4].Add("work", "1");
            worker.Engine.Hint(round % 4);
            await worker.Partitions.WaitForReports(1);
        }
    }
}
