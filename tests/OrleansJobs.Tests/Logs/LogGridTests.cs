using Microsoft.Extensions.Logging;
using OrleansJobs.Hosting;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Logs;

/// <summary>What handlers log on a grid with silos and Redis, and what of it outlives them.</summary>
public sealed class LogGridTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task WhatAHandlerLogs_IsKeptWithItsJob_ByBothWays()
    {
        await using var grid = await StartAsync();
        var job = await grid.Jobs.SubmitAsync("chatty", 3);
        await job.WaitAsync().WaitAsync(Patience);
        var page = await job.GetLogsAsync();
        Assert.Equal(
            [(1, JobLogLevel.Information, "said 0"), (2, JobLogLevel.Information, "said 1"), (3, JobLogLevel.Information, "said 2"), (4, JobLogLevel.Warning, "by logger 7"), (5, JobLogLevel.Error, "it broke")],
            page.Lines.Select(line => ((int)line.Number, line.Level, line.Text)));
        Assert.Equal(("InvalidDataException", "no good"), (page.Lines[^1].ErrorType, page.Lines[^1].ErrorMessage));
        Assert.Equal((5L, true), (page.Next, page.IsOver));
        Assert.True((await job.GetStatusAsync()).HasLogs);
        Assert.Equal(["it broke"], (await job.GetLogsAsync(limit: 1)).Lines.Select(line => line.Text));
    }

    [Fact]
    public async Task AJobThatLogsNothing_HasNone_NorHasOneWhoseTypeKeepsNone()
    {
        await using var grid = await StartAsync();
        var silent = await grid.Jobs.SubmitAsync("echo", "x");
        var deaf = await grid.Jobs.SubmitAsync("deaf", 0);
        foreach (var job in new[] { silent, deaf })
        {
            await job.WaitAsync().WaitAsync(Patience);
            Assert.Equal((0, true), ((await job.GetLogsAsync()).Lines.Length, (await job.GetLogsAsync()).IsOver));
            Assert.False((await job.GetStatusAsync()).HasLogs);
        }

        await Assert.ThrowsAsync<JobNotFoundException>(() => grid.Jobs.Get("nobody").GetLogsAsync());
        Assert.True(await deaf.DeleteAsync());
    }

    [Fact]
    public async Task OfFailures_TheNewestHasItsTrace_AndAllHaveTheirPlace()
    {
        await using var grid = await StartAsync();
        var job = await grid.Jobs.SubmitAsync("fail", "no good");
        var end = await job.WaitAsync().WaitAsync(Patience);
        var traces = end.Attempts.Select(attempt => attempt.Error!.Trace!).Append(end.Error!.Trace!).ToArray();
        Assert.Equal(4, traces.Length);
        Assert.All(traces, trace => Assert.Equal(end.Error.Trace!.Place, trace.Place));
        Assert.StartsWith("InvalidDataException at TestHandlers.", end.Error.Trace!.Place, StringComparison.Ordinal);
        Assert.Equal(["InvalidDataException"], traces.Where(trace => trace.Text is not null).Select(_ => end.Error.Type!));
        Assert.Equal(["accepted", "started", "failed", "started", "failed", "started", "failed", "ended"], JobTimeline.Of(end).Where(entry => entry.What != TimelineWords.Waited).Select(entry => entry.What));
        var listed = (await grid.Jobs.ListAsync(new() { State = JobState.Failure })).Jobs.Single(one => one.Id == job.Id);
        Assert.Equal((end.Error.Trace.Place, null), (listed.Error!.Trace!.Place, listed.Error.Trace.Text));
        Assert.All(listed.Attempts, attempt => Assert.Null(attempt.Error!.Trace!.Text));
    }

    [Fact]
    public async Task AReader_SeesLinesWhileTheJobRuns_AndTheEnd()
    {
        await using var grid = await StartAsync(options => options.Logs.Interval = TimeSpan.FromMilliseconds(20));
        var job = await grid.Jobs.SubmitAsync("steps", 0);
        var seen = new List<string>();
        using var patience = new CancellationTokenSource(Patience);
        await foreach (var line in job.FollowLogsAsync(cancellation: patience.Token))
        {
            seen.Add(line.Text);
            // It is not over, and its line is here.
            if (line.Text == "before") grid.Handlers.Release(job.Id);
        }

        Assert.Equal(["before", "after"], seen);
        Assert.Equal(["after"], await ReadAsync(job, after: 1));
        Assert.True(await job.DeleteAsync());
        await Assert.ThrowsAsync<JobNotFoundException>(() => job.GetLogsAsync());
    }

    [Fact]
    public async Task WhatWasStored_OutlivesTheSiloThatRanTheJob_AndTheNextAttemptGoesOn()
    {
        await using var grid = await StartAsync(options => options.Logs.Interval = TimeSpan.FromMilliseconds(20), silos: 2);
        var jobs = new List<JobHandle>();
        for (var i = 0; i < 12; i++) jobs.Add(await grid.Jobs.SubmitAsync("steps", 0));
        foreach (var job in jobs)
        {
            using var patience = new CancellationTokenSource(Patience);
            await foreach (var line in job.FollowLogsAsync(cancellation: patience.Token))
            {
                if (line.Text == "before") break;
            }
        }

        await grid.Cluster.KillSiloAsync(grid.Cluster.Silos[1]);
        grid.Handlers.ReleaseAll();
        var again = 0;
        foreach (var job in jobs)
        {
            grid.Handlers.Release(job.Id);
            var end = await job.WaitAsync().WaitAsync(Patience);
            var lines = await job.GetLogsAsync();
            Assert.Equal(JobState.Success, end.State);
            string[] expected = end.Attempts.Length == 1 ? ["before", "after"] : ["before", "before", "after"];
            Assert.Equal(expected, lines.Lines.Select(line => line.Text));
            Assert.Equal(Enumerable.Range(1, lines.Lines.Length).Select(number => (long)number), lines.Lines.Select(line => line.Number));
            if (end.Attempts.Length == 2)
            {
                again++;
                Assert.Equal([end.Attempts[0].Number, end.Attempts[1].Number, end.Attempts[1].Number], lines.Lines.Select(line => line.Attempt));
            }
        }

        Assert.NotEqual(0, again);
    }

    private static async Task<List<string>> ReadAsync(JobHandle job, long after)
    {
        var lines = new List<string>();
        using var patience = new CancellationTokenSource(Patience);
        await foreach (var line in job.FollowLogsAsync(after, patience.Token)) lines.Add(line.Text);
        return lines;
    }

    private static async Task<TestGrid> StartAsync(Action<JobGridOptions>? configure = null, short silos = 1)
    {
        TestGrid? grid = null;
        grid = await TestGrid.StartAsync(
            silos,
            configure,
            (jobs, _) => jobs
                .AddJob<ChattyJob>()
                .AddJob<DeafJob>()
                .AddJob("steps", async (int _, JobContext job, CancellationToken cancellation) =>
                {
                    job.Log("before");
                    await grid!.Handlers.GateAsync(job.Id).WaitAsync(cancellation);
                    job.Log("after");
                }));
        return grid;
    }

    [Job("chatty")]
    private sealed class ChattyJob(ILogger<ChattyJob> logger) : IJob<int>
    {
        public async Task RunAsync(int lines, JobContext job, CancellationToken cancellation)
        {
            for (var i = 0; i < lines; i++) job.Log($"said {i}");
            await Task.Yield();
            Say(logger, 7);
            LogDebug(logger);
            logger.Log(LogLevel.Error, new InvalidDataException("no good"), "it broke");
        }

        private static void Say(ILogger logger, int number) => logger.Log(LogLevel.Warning, "by logger {Number}", number);

        private static void LogDebug(ILogger logger) => logger.Log(LogLevel.Debug, "too fine");
    }

    [Job("deaf", Logs = false)]
    private sealed class DeafJob(ILogger<DeafJob> logger) : IJob<int>
    {
        public Task RunAsync(int args, JobContext job, CancellationToken cancellation)
        {
            job.Log("unheard");
            logger.Log(LogLevel.Error, "unheard");
            return Task.CompletedTask;
        }
    }
}
