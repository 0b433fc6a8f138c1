using Microsoft.Extensions.Logging.Abstractions;
using OrleansJobs.Hosting;
using OrleansJobs.Outside;
using OrleansJobs.Tests.Client;
using OrleansJobs.Tests.Workers;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Outside;

/// <summary>What counts as new of what a worker outside says: calls repeat what they have said before.</summary>
public class HeldLeaseTests
{
    private readonly FakeFeed _feed = new();

    [Fact]
    public void WhatIsSaidAgain_IsNothingNew()
    {
        using var carrier = new ProgressCarrier(_ => _feed, new ManualTime(), new JobGridOptions(), NullLogger.Instance);
        var held = new HeldLease(new() { Id = "j", Partition = 0, Token = 1, Type = "t", Queue = "q", Args = [], Attempt = 1 }, new RetryPolicy(), null, carrier) { ArrivedAt = 1, GivenAt = 5 };
        Assert.Equal(5, held.NewsAt);
        held.Report(Progress(1, "sawing", [1]), 10);
        Assert.Equal(10, held.NewsAt);
        // What is left out is as it was.
        held.Report(Progress(1, null, null), 20);
        held.Report(Progress(1, "sawing", [1]), 30);
        Assert.Equal(10, held.NewsAt);
        held.Report(Progress(1, "gluing", null), 40);
        Assert.Equal(40, held.NewsAt);
        held.Report(Progress(1, null, [2]), 50);
        Assert.Equal(50, held.NewsAt);
        held.Report(Progress(2, null, null), 60);
        Assert.Equal(60, held.NewsAt);
        held.Log([Line(1), Line(2)], 0, 70);
        held.Log([Line(1), Line(2)], 0, 80);
        Assert.Equal(70, held.NewsAt);
        held.Log([Line(2), Line(3)], 0, 90);
        Assert.Equal(90, held.NewsAt);
        held.NoteNews(100);
        Assert.Equal(100, held.NewsAt);
    }

    private static WorkProgress Progress(long current, string? message, byte[]? data) => new() { Lease = new("j", 1), Current = current, Total = 10, Message = message, Data = data };

    private static WorkLogLine Line(long number) => new(number, null, JobLogLevel.Information, "x", null, null);
}
