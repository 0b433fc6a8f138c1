using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Schedules while silos and the store die: of each, every due instant is served once and never early, whatever is changed meanwhile.</summary>
internal static class Schedules
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan DeathDeadline = TimeSpan.FromSeconds(30);

    /// <summary>Longer than an end may go unheard where nothing is done to the grid.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(2 * UnheardEnds.Way);

    /// <summary>How far a silo's clock may be from the store's, and how far it is put: nearly as far.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(5), Apart = TimeSpan.FromSeconds(4.8);

    // Each death counts against the jobs that were there, which here may be any.
    private static readonly Dictionary<string, string> Options = new()
    {
        ["JobGrid:Slots"] = "50", ["JobGrid:Partitions"] = "6", ["JobGrid:PoisonCrashes"] = "100", ["JobGrid:PoisonCrashesInCompany"] = "100",
    };

    /// <summary>Between reading what is due, the commit that serves it, and telling of it. The one in between is passed only where a safeguard is off.</summary>
    private const string Between = "schedule.submitted";
    private static readonly string[] Points = ["schedule.read", Between, "commit.submit.before", "commit.submit.after", "schedule.served"];

    /// <summary>Between the writes by which an occurrence is started where its key lives, and its schedule told of its end.</summary>
    private static readonly string[] LetterPoints =
    [
        "schedule.served", "commit.letter.before", "commit.letter.after", "letter.sent", "letter.taken", "commit.mark.before", "commit.mark.after", "letter.delivered", "commit.strike.before", "commit.strike.after",
    ];

    public static readonly Scenario[] All =
    [
        new("schedule-kill", "silos die at and between the writes of schedules that are due each second", KillAsync),
        new("schedule-away", "all silos are away for more than a minute, and Redis is killed, while schedules are due", AwayAsync),
        new("schedule-edit", "cron, zone, jitter and overlap of schedules are changed, and they are paused, resumed, triggered, deleted and put anew, while silos die", EditAsync),
        new("schedule-clocks", "the clocks of three silos are as far apart as the grid allows, and change places, while silos die and schedules are due", ClocksAsync),
        new("schedule-keys", "silos and Redis die while schedules are due whose occurrences live where their key does", KeysAsync),
        new("file-schedules", "kill -9 of a lone silo with its schedules in a file, six times, and once for more than a minute", FileAsync),
    ];

    private static async Task KillAsync(FaultRun run)
    {
        await StartAsync(run);
        var schedules = await MakeAsync(run, 12, ["all"]);
        // The one point that only a missing safeguard opens is enough to show it.
        foreach (var point in run.IsWhole ? Points : [Between])
        {
            var victim = run.Cluster.Silos[run.Random.Next(3)];
            var from = Monotonic.Now;
            await ArmAsync(run, victim, point);
            if (await victim.WaitForExitAsync(point == Between && run.IsWhole ? TimeSpan.FromSeconds(3) : DeathDeadline)) run.Died(victim, point, from);
            else
            {
                run.Expect(point == Between, $"{victim.Life} did not come by {point}");
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
        var schedules = await MakeAsync(run, 8, ["all"], null, i => new(new EverySeconds(1), Overlap: i % 2 == 1 ? "skip" : "all"));
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(45), TimeProvider.System);
        // Every other one is only ever told to let one run at a time, which is looked at as well.
        var edits = schedules.Select((schedule, i) => new ScheduleEdits(schedule, new Random(run.Random.Next()), isOneAtATime: i % 2 == 1).RunAsync(stop.Token)).ToList();
        await KillUntilAsync(run, stop.Token);
        await Task.WhenAll(edits);
        // They are paused for much of the time, and come each third second at times.
        await FinishAsync(run, schedules, least: 10);
        run.Figures["passedOver"] = schedules.Sum(schedule => schedule.CountPassedOver());
    }

    /// <summary>Time goes back for a partition that moves from a silo whose clock is ahead to one whose clock is behind.</summary>
    private static async Task ClocksAsync(FaultRun run)
    {
        await StartAsync(run);
        var schedules = await MakeAsync(run, 9, ["all"], schedule => new(run.Client, schedule, "all") { Ahead = Tolerance });
        await run.DelayAsync(2);
        TimeSpan[] offsets = [Apart, -Apart, TimeSpan.Zero];
        for (var round = 0; round < 5; round++)
        {
            run.Random.Shuffle(offsets);
            foreach (var (silo, offset) in run.Cluster.Silos.Zip(offsets)) run.SetClock(silo, offset);
            await run.DelayAsync(2 + 3 * run.Random.NextDouble());
            var victim = run.Cluster.Silos[run.Random.Next(3)];
            run.Kill(victim);
            await run.DelayAsync(run.Random.NextDouble());
            await run.RestartAsync(victim);
            await run.DelayAsync(3);
        }

        foreach (var silo in run.Cluster.Silos) run.SetClock(silo, TimeSpan.Zero);
        // A silo's time does not go back: it stands until it is right.
        await run.DelayAsync(2 * Apart.TotalSeconds + 1);
        await FinishAsync(run, schedules);
    }

    private static async Task KeysAsync(FaultRun run)
    {
        await StartAsync(run);
        // Each key is in a partition of its own, more or less, and mostly not in its schedule's.
        string[] rules = ["all", "skip", "queue", "replace"];
        var unheard = new UnheardEnds();
        var schedules = await MakeAsync(
            run, 12, ["all"], schedule => new(run.Client, schedule, "all") { Key = $"of/{schedule}", Unheard = unheard },
            i => new(new EverySeconds(1), Overlap: rules[i % rules.Length], Runs: i % rules.Length == 0 ? 50 : 100 * (i + 4)));
        using var stop = new CancellationTokenSource();
        var heard = Task.WhenAll(schedules.Select(schedule => schedule.HearUntilAsync(stop.Token)));
        // Where nothing is done to them, what has ended is in nobody's way for long.
        await run.DelayAsync(Calm.TotalSeconds);
        foreach (var point in LetterPoints)
        {
            var victim = run.Cluster.Silos[run.Random.Next(3)];
            var (from, since) = (Monotonic.Now, Milliseconds);
            await ArmAsync(run, victim, point);
            if (await victim.WaitForExitAsync(DeathDeadline)) run.Died(victim, point, from);
            else
            {
                run.Expect(false, $"{victim.Life} did not come by {point}");
                await ArmAsync(run, victim, "none");
            }

            if (!victim.IsRunning) await run.RestartAsync(victim);
            unheard.Add(since, Milliseconds);
            await run.DelayAsync(run.Random.NextDouble());
        }

        run.Record("kill", "redis", explains: false);
        var killed = Milliseconds;
        run.Cluster.Redis.Kill();
        await run.DelayAsync(3);
        await run.Cluster.Redis.StartAsync();
        unheard.Add(killed, Milliseconds);
        await run.DelayAsync(UnheardEnds.Aftermath / 1000.0 + Calm.TotalSeconds);
        await stop.CancelAsync();
        await heard;
        await FinishAsync(run, schedules);
        run.Figures["passedOver"] = schedules.Sum(schedule => schedule.CountPassedOver());
    }

    private static async Task FileAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(1, Options, Store: StorePlan.File));
        var schedules = await MakeAsync(run, 9, ["all", "one", "none"]);
        var silo = run.Cluster.Silos[0];
        for (var kill = 0; kill < 6; kill++)
        {
            await run.DelayAsync(1 + 3 * run.Random.NextDouble());
            run.Kill(silo);
            await run.DelayAsync(2 * run.Random.NextDouble());
            await run.RestartAsync(silo);
        }

        run.Kill(silo);
        await run.DelayAsync(75);
        await run.RestartAsync(silo);
        await run.DelayAsync(5);
        await FinishAsync(run, schedules);
    }

    private static async Task KillUntilAsync(FaultRun run, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var victim = run.Cluster.Silos[run.Random.Next(3)];
            await run.DelayAsync(1 + 2 * run.Random.NextDouble());
            run.Kill(victim);
            await run.DelayAsync(run.Random.NextDouble());
            await run.RestartAsync(victim);
        }
    }

    private static long Milliseconds => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private static Task StartAsync(FaultRun run) => run.StartAsync(new ClusterPlan(3, Options, AppendFsync: "always"));

    private static Task<List<WatchedSchedule>> MakeAsync(FaultRun run, int count, string[] rules) => MakeAsync(run, count, rules, null);

    /// <param name="make">Of an id; null: with nothing to be said of them.</param>
    /// <param name="order">What each is told to be; null: due each second.</param>
    private static async Task<List<WatchedSchedule>> MakeAsync(FaultRun run, int count, string[] rules, Func<string, WatchedSchedule>? make, Func<int, ScheduleOrder>? order = null)
    {
        var schedules = Enumerable.Range(0, count).Select(i => make?.Invoke($"s-{i}") ?? new WatchedSchedule(run.Client, $"s-{i}", rules[i % rules.Length])).ToList();
        await Task.WhenAll(schedules.Select((schedule, i) => schedule.PutAsync(order?.Invoke(i) ?? new(new EverySeconds(1)))));
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

    /// <summary>When lives of silos ended that were killed. One that was to die at a place counts as dead from when it was told to, and ran on until it came by.</summary>
    private static Dictionary<string, long> Deaths(History history)
    {
        var last = history.Marks.GroupBy(mark => mark.Silo).ToDictionary(marks => marks.Key, marks => marks.Max(mark => mark.At));
        return Keys.Deaths(history).ToDictionary(death => death.Key, death => Math.Max(death.Value, last.GetValueOrDefault(death.Key) + 1));
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

        run.Then(history =>
        {
            KeyLimitWindow[] one = [new(0, long.MaxValue, 1)];
            var deaths = Deaths(history);
            foreach (var (schedule, jobs) in schedules.SelectMany(schedule => schedule.OneAtATime().Select(jobs => (schedule.Id, jobs))))
                run.Report(KeyChecker.Concurrency(schedule, jobs, history.Marks, one, delivery: 0, deaths).Select(violation => violation with { Rule = Rules.Schedule }));
        });

        run.Figures["instants"] = schedules.Sum(schedule => schedule.CountDue());
        run.Expect(schedules.Sum(schedule => schedule.CountDue()) > least * schedules.Count, "hardly any instant was due");
    }
}
