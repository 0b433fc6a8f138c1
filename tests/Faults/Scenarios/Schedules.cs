using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Schedules while silos and the store die: of each, every due instant is served once and never early, whatever is changed meanwhile.</summary>
internal static class Schedules
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan DeathDeadline = TimeSpan.FromSeconds(30);

    /// <summary>Between reading what is due, the commit that serves it, and telling of it. The one in between is passed only where a safeguard is off.</summary>
    private static readonly string[] Points = ["schedule.read", "schedule.submitted", "commit.submit.before", "commit.submit.after", "schedule.served"];

    public static readonly Scenario[] All =
    [
        new("schedule-kill", "silos die at and between the writes of schedules that are due each second", KillAsync),
        new("schedule-away", "all silos are away for more than a minute, and Redis is killed, while schedules are due", AwayAsync),
        new("schedule-edit", "schedules are changed, paused and resumed while silos die", EditAsync),
    ];

    private static async Task KillAsync(FaultRun run)
    {
        await StartAsync(run);
        var schedules = await MakeAsync(run, 12, ["all"]);
        foreach (var point in Points)
        {
            var victim = run.Cluster.Silos[run.Random.Next(3)];
            var from = Monotonic.Now;
            await ArmAsync(run, victim, point);
            if (await victim.WaitForExitAsync(point == "schedule.submitted" && run.IsWhole ? TimeSpan.FromSeconds(3) : DeathDeadline)) run.Died(victim, point, from);
            else
            {
                run.Expect(point == "schedule.submitted", $"{victim.Life} did not come by {point}");
                await ArmAsync(run, victim, "none");
            }

            if (!victim.IsRunning) await run.RestartAsync(victim);
            var other = run.Cluster.Silos[run.Random.Next(3)];
            run.Kill(other);
            await run.DelayAsync(run.Random.NextDouble());
            await run.RestartAsync(other);
        }

        await FinishAsync(run, schedules);
    }

    private static async Task AwayAsync(FaultRun run)
    {
        await StartAsync(run);
        var schedules = await MakeAsync(run, 9, ["all", "one", "none"]);
        await run.DelayAsync(3);
        foreach (var silo in run.Cluster.Silos) run.Kill(silo);
        // Longer than makes an instant missed, and not so long that more are missed than are served.
        await run.DelayAsync(80);
        foreach (var silo in run.Cluster.Silos) silo.Start(run.Cluster.Settings);
        await run.Cluster.UntilAllReadyAsync();
        await run.DelayAsync(5);
        run.Record("kill", "redis", explains: false);
        run.Cluster.Redis.Kill();
        await run.DelayAsync(3);
        await run.Cluster.Redis.StartAsync();
        await run.DelayAsync(5);
        await FinishAsync(run, schedules);
    }

    private static async Task EditAsync(FaultRun run)
    {
        await StartAsync(run);
        var schedules = await MakeAsync(run, 8, ["all"]);
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(40), TimeProvider.System);
        var edits = schedules.Select(schedule => ChangeAsync(schedule, new Random(run.Random.Next()), stop.Token)).ToList();
        while (!stop.IsCancellationRequested)
        {
            var victim = run.Cluster.Silos[run.Random.Next(3)];
            await run.DelayAsync(1 + 2 * run.Random.NextDouble());
            run.Kill(victim);
            await run.DelayAsync(run.Random.NextDouble());
            await run.RestartAsync(victim);
        }

        await Task.WhenAll(edits);
        // They are paused for much of the time, and come each third second at times.
        await FinishAsync(run, schedules, least: 10);
    }

    private static async Task ChangeAsync(WatchedSchedule schedule, Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(1500)), TimeProvider.System);
            switch (random.Next(5))
            {
                case 0: await schedule.PauseAsync(); break;
                case 1 or 2: await schedule.ResumeAsync(); break;
                default: await schedule.PutAsync(1 + random.Next(3)); break;
            }
        }

        await schedule.ResumeAsync();
    }

    // Each death counts against the jobs that were there, which here may be any.
    private static Task StartAsync(FaultRun run) => run.StartAsync(new ClusterPlan(
        3, new Dictionary<string, string> { ["JobGrid:Slots"] = "50", ["JobGrid:Partitions"] = "6", ["JobGrid:PoisonCrashes"] = "100", ["JobGrid:PoisonCrashesInCompany"] = "100" }, AppendFsync: "always"));

    private static async Task<List<WatchedSchedule>> MakeAsync(FaultRun run, int count, string[] rules)
    {
        var schedules = Enumerable.Range(0, count).Select(i => new WatchedSchedule(run.Client, $"s-{i}", rules[i % rules.Length])).ToList();
        await Task.WhenAll(schedules.Select(schedule => schedule.PutAsync(1)));
        return schedules;
    }

    private static async Task ArmAsync(FaultRun run, SiloProcess victim, string point)
    {
        try
        {
            await run.Cluster.TellAsync(victim, $"/faults/crash?point={point}&hit={1 + run.Random.Next(3)}");
        }
        catch (HttpRequestException)
        {
            // It came by before it could answer.
        }
    }

    private static async Task FinishAsync(FaultRun run, List<WatchedSchedule> schedules, int least = 20)
    {
        await run.DelayAsync(5);
        await Task.WhenAll(schedules.Select(schedule => schedule.PauseAsync()));
        await run.SettleAsync(Quiet);
        foreach (var schedule in schedules)
        {
            foreach (var wrong in await schedule.CheckAsync(run.Load)) run.Violate(Rules.Schedule, schedule.Id, wrong);
        }

        run.Figures["instants"] = schedules.Sum(schedule => schedule.CountDue());
        run.Expect(schedules.Sum(schedule => schedule.CountDue()) > least * schedules.Count, "hardly any instant was due");
    }
}
