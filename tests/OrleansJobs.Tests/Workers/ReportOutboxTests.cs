using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Workers;

public class ReportOutboxTests
{
    [Fact]
    public void Take_GivesTheSameBatchUntilItIsDelivered()
    {
        var outbox = new ReportOutbox(2);
        outbox.Add(1, Report("a"));
        outbox.Add(1, Report("b"));
        Assert.Equal(["a", "b"], Ids(outbox.Take(1, out _)));
        outbox.Add(1, Report("c"));
        Assert.Equal(["a", "b"], Ids(outbox.Take(1, out var left)));
        Assert.Equal(1, left);
        Assert.Equal(["a", "b"], Ids(outbox.Delivered(1)));
        Assert.Equal(["c"], Ids(outbox.Take(1, out _)));
        Assert.Equal(1, outbox.Count);
        Assert.Empty(outbox.Take(0, out _));
    }

    [Fact]
    public void Take_KeepsABatchWithinItsCount()
    {
        var outbox = new ReportOutbox(1);
        for (var i = 0; i <= ReportOutbox.MaxBatch; i++) outbox.Add(0, Report($"{i}"));
        Assert.Equal(ReportOutbox.MaxBatch, outbox.Take(0, out var left).Length);
        Assert.Equal(1, left);
    }

    [Fact]
    public void Take_KeepsABatchWithinItsBytes_UnlessOneAloneIsLonger()
    {
        var outbox = new ReportOutbox(1);
        outbox.Add(0, Report("large", ReportOutbox.MaxBatchBytes + 1));
        outbox.Add(0, Report("half", ReportOutbox.MaxBatchBytes / 2));
        outbox.Add(0, Report("half too", ReportOutbox.MaxBatchBytes / 2));
        outbox.Add(0, Report("one more", 1));
        Assert.Equal(["large"], Ids(outbox.Take(0, out _)));
        outbox.Delivered(0);
        Assert.Equal(["half", "half too"], Ids(outbox.Take(0, out _)));
    }

    [Fact]
    public void IsFull_ByCountOrByBytes_UntilDelivered()
    {
        var outbox = new ReportOutbox(1);
        for (var i = 0; i < ReportOutbox.FullAt; i++) outbox.Add(0, Report("x"));
        Assert.True(outbox.IsFull);
        outbox.Take(0, out _);
        outbox.Delivered(0);
        Assert.False(outbox.IsFull);

        var large = new ReportOutbox(1);
        large.Add(0, Report("x", (int)ReportOutbox.FullAtBytes));
        Assert.True(large.IsFull);
        large.Take(0, out _);
        large.Delivered(0);
        Assert.False(large.IsFull);
    }

    private static IEnumerable<string> Ids(JobReport[] reports) => reports.Select(report => report.Id);

    private static JobReport Report(string id, int bytes = 0) =>
        new() { Id = id, Token = 1, Kind = ReportKind.Succeeded, Result = bytes == 0 ? null : new byte[bytes] };
}
