using OrleansJobs.Flows;
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
    public void TheTraceOfAFailure_CountsAsResultsDo() =>
        Assert.InRange(ReportOutbox.SizeOf(Report("bad") with { Kind = ReportKind.Failed, Error = new("error", "Boom", "It broke.") { Trace = new(new string('x', 4000), "Boom at Run", null) } }), 4000, 4100);

    [Fact]
    public void WhatGoesWithAPark_CountsAsResultsDo()
    {
        var child = new ChildOrder { Name = "child", Job = new JobSubmission { Id = "c", Type = "work", Args = new byte[1000], Tags = [new("name", new string('x', 128))] } };
        var park = new FlowPark { Change = new FlowChange { Children = [.. Enumerable.Repeat(child, 1000)] } };
        var report = Report("flow") with { Kind = ReportKind.Parked, Park = park };
        Assert.InRange(ReportOutbox.SizeOf(report), 1000 * 1128, 1000 * 1400);
        var untaken = Report("flow") with { Park = new FlowPark { Untaken = [new() { Kind = FlowEventKind.Signal, Name = "s", Value = new byte[5000] }] } };
        Assert.InRange(ReportOutbox.SizeOf(untaken), 5000, 5100);

        var outbox = new ReportOutbox(1);
        for (var i = 0; i < 8; i++) outbox.Add(0, report with { Id = $"{i}" });
        Assert.Equal(3, outbox.Take(0, out var left).Length);
        Assert.Equal(5, left);
        while (!outbox.IsFull) outbox.Add(0, report);
        Assert.True(outbox.Count < 70);
        while (outbox.Count > 0)
        {
            outbox.Take(0, out _);
            outbox.Delivered(0);
        }

        Assert.False(outbox.IsFull);
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
