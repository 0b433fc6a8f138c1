using Microsoft.Extensions.Logging.Abstractions;
using OrleansJobs.Hosting;
using OrleansJobs.Tests.Client;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

public class ProgressCellTests
{
    [Fact]
    public async Task Read_WhileManyWrite_NeverSeesHalfAValue()
    {
        using var carrier = Carrier();
        var cell = new ProgressCell(new LeaseName("id", 1), carrier);
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(1, 3).Select(seed => Task.Run(() =>
        {
            for (var i = (long)seed; !stop.IsCancellationRequested; i += 3) cell.Report(i, -i, null);
        })).ToArray();
        for (var reads = 0; reads < 200_000; reads++)
        {
            var value = cell.Read();
            Assert.Equal(value.Current, -value.Total);
        }

        stop.Cancel();
        await Task.WhenAll(writers).WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void Read_AfterTheLastReport_GivesIt_WhoeverWroteBesides()
    {
        using var carrier = Carrier();
        var cell = new ProgressCell(new LeaseName("id", 1), carrier);
        for (var round = 0; round < 200; round++)
        {
            Parallel.For(0, 4, writer => cell.Report(writer, 10, "other"));
            cell.Report(100 + round, 10, $"round {round}");
            Assert.Equal((100 + round, $"round {round}"), (cell.Read().Current, cell.Read().Message));
        }
    }

    [Fact]
    public void Report_WithoutAMessage_KeepsTheLastOne()
    {
        using var carrier = Carrier();
        var cell = new ProgressCell(new LeaseName("id", 1), carrier);
        cell.Report(1, 2, "kept");
        cell.Report(2, 2, null);
        Assert.Equal("kept", cell.Read().Message);
    }

    [Fact]
    public void Report_DoesNotAllocate()
    {
        using var carrier = Carrier();
        var cell = new ProgressCell(new LeaseName("id", 1), carrier);
        cell.Report(0, 1, "warm");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100_000; i++) cell.Report(i, 100_000, "message");
        // To tell the carrier costs a work item, once per time it looked.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024);
    }

    private static ProgressCarrier Carrier() => new(_ => new FakeFeed(), new ManualTime(), new JobGridOptions(), NullLogger.Instance);
}
