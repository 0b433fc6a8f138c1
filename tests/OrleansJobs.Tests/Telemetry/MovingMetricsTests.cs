using OrleansJobs.Faults.Processes;
using OrleansJobs.Faults.Silos;
using OrleansJobs.Tests.Processes;

namespace OrleansJobs.Tests.Telemetry;

/// <summary>Good and bad times, as processes live them: every metric that the dashboard or an alert reads is seen to move.</summary>
public sealed class MovingMetricsTests
{
    private static readonly TimeSpan ScrapePause = TimeSpan.FromMilliseconds(200);

    // Constants of the grid; a defect that must not come about; and what takes a cut network to bring about: stale reports, which the fault scenarios see, and
    // letters that wait. What webhooks drop is seen in the tests of webhooks, and what the grid cannot serve in those of schedules.
    private static readonly string[] Still =
    [
        "orleansjobs_partitions_configured", "orleansjobs_slots_limit", "orleansjobs_jobs_orphaned", "orleansjobs_reports_stale_total", "orleansjobs_letters_waiting",
        "orleansjobs_letters_age_seconds", "orleansjobs_webhooks_dropped_total", "orleansjobs_schedules_unserved",
    ];

    private static readonly Dictionary<string, string> Options = new()
    {
        ["JobGrid:Slots"] = "4", ["JobGrid:Partitions"] = "8", ["JobGrid:SubmitDeadline"] = "00:00:01", ["JobGrid:DrainTime"] = "00:00:03", ["JobGrid:CancelGrace"] = "00:00:01",
        ["JobGrid:Retry:FirstDelay"] = "00:00:00.05", ["JobGrid:Retry:Attempts"] = "2",
    };

    [Fact]
    public async Task EveryMetricOfDashboardAndAlerts_Moves()
    {
        var seen = new SeenMetrics();
        await using var grid = await ProcessGrid.StartAsync(1, Options);
        using var stop = new CancellationTokenSource();
        var scraping = ScrapeAsync(grid, seen, stop.Token);

        // Keys: a rule, and a pause that holds a job back.
        Assert.Equal(201, await grid.PutAsync("/keys/ruled", """{"concurrency":1}"""));
        Assert.True(await grid.PostAsync("/keys/held/pause"));
        await grid.SubmitAsync("""{"type":"quick","args":{},"key":"held/x"}""");
        await grid.UntilAsync("keys are seen", () => Task.FromResult(
            seen.Has("orleansjobs_keys_held", value => value == 1) && seen.Has("orleansjobs_keys_rules", value => value == 1) && seen.Has("orleansjobs_keys_paused", value => value == 1)));
        Assert.True(await grid.PostAsync("/keys/held/resume"));

        // Schedules: one in whose way its own occurrence is, and one that the store's silence makes late.
        Assert.Equal(201, await grid.PutAsync("/schedules/slow", """{"type":"sleep","args":{"ms":5000},"every":1,"missedAfter":3600}"""));
        Assert.Equal(201, await grid.PutAsync("/schedules/strict", """{"type":"quick","args":{},"every":1,"missed":"none","missedAfter":1}"""));
        await grid.UntilAsync("an instant is skipped", () => Task.FromResult(seen.HasMoved("orleansjobs_schedules_skipped_total")));
        Assert.True(await grid.PostAsync("/schedules/slow/pause"));

        // Work: waiting and due later (each for longer than the 5 s that a gauge takes to be brought up to date), running, failing, stuck.
        await grid.SubmitManyAsync(Enumerable.Repeat("""{"type":"sleep","args":{"ms":200} }""", 160));
        await grid.SubmitAsync("""{"type":"quick","args":{},"countdown":15}""");
        var failing = await grid.SubmitAsync("""{"type":"flaky","args":{"failures":9} }""");
        await grid.SubmitAsync("""{"type":"ignore-cancel","args":{"ms":9000} }""");
        await grid.UntilAsync("a job has failed for good", async () => await grid.StateAsync(failing) == "FAILURE");
        await grid.UntilAsync("a slot is stuck", () => Task.FromResult(seen.Has("orleansjobs_slots_stuck", value => value > 0)));
        await grid.UntilAsync("the slot is free again", () => Task.FromResult(seen.Has("orleansjobs_slots_stuck", value => value == 0)));

        // A silo comes and, still at work, goes.
        var second = await grid.AddSiloAsync();
        await grid.UntilAsync("it is seen to be at work", () => Task.FromResult(seen.HasSeen(second.Address)));
        var longer = await grid.SubmitManyAsync(Enumerable.Repeat("""{"type":"sleep","args":{"ms":2500} }""", 8));
        await grid.UntilAsync("the new silo works", () => Task.FromResult(grid.Marks.Any(mark => mark.Silo == second.Life && longer.Contains(mark.Id))));
        second.Send(Signal.Terminate);
        await grid.UntilAsync("it is seen to drain", () => Task.FromResult(seen.Has("orleansjobs_silo_draining", value => value == 1)));
        Assert.True(await second.WaitForExitAsync(ProcessGrid.Patience));

        // A clock is set wrong, and right again.
        var first = grid.Cluster.Silos[0];
        ClockFile.Write(first.ClockFile, TimeSpan.FromMinutes(5));
        await grid.UntilAsync("the clock is seen to be wrong", () => Task.FromResult(seen.Has("orleansjobs_clock_wrong", value => value == 1)));
        ClockFile.Write(first.ClockFile, TimeSpan.Zero);
        await grid.UntilAsync("it is ready again", () => grid.Cluster.IsReadyAsync(first.Address));

        // The store fills, falls silent, comes back, and in the end is found empty.
        await grid.Cluster.Redis.Database.ExecuteAsync("CONFIG", "SET", "maxmemory", "1gb");
        await grid.UntilAsync("the store's fullness is seen", () => Task.FromResult(seen.Has("orleansjobs_store_fullness_ratio", value => value > 0)));
        grid.Cluster.Redis.Stop();
        Assert.Equal(503, await grid.TryPostAsync("/jobs", """{"type":"quick","args":{} }"""));
        await grid.UntilAsync("the store is seen to be away", () => Task.FromResult(seen.Has("orleansjobs_store_reachable", value => value == 0)));
        await grid.UntilAsync("a commit is sent again", () => Task.FromResult(seen.HasMoved("orleansjobs_commit_retries_total")));
        grid.Cluster.Redis.Continue();
        await grid.UntilAsync("a job runs again", async () => await grid.TryPostAsync("/jobs", """{"type":"quick","args":{} }""") == 202);
        await grid.UntilAsync("instants came too late", () => Task.FromResult(seen.HasMoved("orleansjobs_schedules_dropped_total")));
        await grid.Cluster.Redis.Server.FlushAllDatabasesAsync();
        await grid.UntilAsync("the loss is seen", () => Task.FromResult(seen.Has("orleansjobs_store_lost", value => value == 1)));

        await stop.CancelAsync();
        await scraping;
        var families = MonitoringFiles.All.SelectMany(entry => MonitoringFiles.FamiliesIn(entry.Expression)).Distinct().Except(Still).ToList();
        Assert.DoesNotContain(families, family => !seen.HasMoved(family));
        Assert.True(seen.Has("orleansjobs_jobs_orphaned", value => value == 0));
        Assert.False(seen.Has("orleansjobs_jobs_orphaned", value => value != 0));
    }

    private static async Task ScrapeAsync(ProcessGrid grid, SeenMetrics seen, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            foreach (var process in grid.Cluster.Silos.Select(silo => silo.Address).Append(grid.Gateway).ToList())
            {
                try
                {
                    seen.Add(process, await grid.ScrapeAsync(process));
                }
                catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
                {
                    // Not there yet, or no longer.
                }
            }

            await Task.Delay(ScrapePause, TimeProvider.System, CancellationToken.None);
        }
    }
}
