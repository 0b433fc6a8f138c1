using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;
using OrleansJobs.Faults.Stores;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>A silo that dies between two writes, at each such place one by one.</summary>
internal static class CrashPointWalk
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(90);

    /// <summary>A partition sweeps finished jobs once a minute.</summary>
    private static readonly TimeSpan DeathDeadline = TimeSpan.FromSeconds(75);
    private static readonly TimeSpan DeleteWait = TimeSpan.FromSeconds(2);
    private const int Wave = 120;

    /// <summary>Every place there is; one that the load does not come by is reported.</summary>
    private static readonly string[] Points =
    [
        "attempt.after", "attempt.before", "checkpoint.after", "checkpoint.before", "commit.end.after", "commit.end.before", "commit.lease.after",
        "commit.lease.before", "commit.purge.after", "commit.purge.before", "commit.submit.after", "commit.submit.before", "commit.wait-again.after",
        "commit.wait-again.before", "delete.forgotten", "exchange.stored", "lease.received", "lease.stored", "pause.after", "pause.before", "purge.forgotten", "report.after",
        "report.before",
    ];

    /// <summary>The grain that knows which queues are paused is on one silo.</summary>
    private const string OfOneSilo = "pause.";

    /// <summary>These are passed when a partition opens, which takes the death of another silo first.</summary>
    private static readonly string[] OpeningPoints = ["partition.open.before", "partition.open.after"];

    /// <summary>Within the thread that writes the file: before and after a transaction counts, and before and after the log is moved into the file.</summary>
    private static readonly string[] FilePoints = ["file.before", "file.after", "file.move.before", "file.move.after"];

    public static readonly Scenario[] All =
    [
        new("crash-points", "a silo dies between each two writes of the product, one place after the other", WalkAsync),
        new("file-crash-points", "the same of a lone silo with its jobs in a file, and between the writes of the file", WalkFileAsync),
    ];

    private static async Task WalkAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, new Dictionary<string, string> { ["JobGrid:Slots"] = "20", ["JobGrid:Partitions"] = "6" }, AppendFsync: "always"));
        run.Follow(2);
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(25, Draw, Patience, stop.Token);
        var side = SideAsync(run, stop.Token);
        await run.DelayAsync(2);
        foreach (var point in Points)
        {
            if (point.StartsWith(OfOneSilo, StringComparison.Ordinal)) await CrashWhoeverAsync(run, point);
            else await CrashAsync(run, run.Cluster.Silos[run.Random.Next(3)], point);
        }

        foreach (var point in OpeningPoints)
        {
            var victim = run.Cluster.Silos[1 + run.Random.Next(2)];
            var from = Monotonic.Now;
            // One of the two partitions that lose their silo comes to each of the others.
            await ArmAsync(run, victim, point, hit: 1);
            run.Kill(run.Cluster.Silos[0]);
            await WaitForDeathAsync(run, victim, point, from);
            await run.RestartAsync(run.Cluster.Silos[0]);
            if (!victim.IsRunning) await run.RestartAsync(victim);
        }

        await stop.CancelAsync();
        await load;
        await side;
        run.Figures["crashPoints"] = Points.Length + OpeningPoints.Length;
        await run.SettleAsync(Quiet);
    }

    private static async Task WalkFileAsync(FaultRun run)
    {
        // Each death is this silo's: a job may have been there at many.
        var options = new Dictionary<string, string>
        {
            ["JobGrid:Slots"] = "20", ["JobGrid:Partitions"] = "6", ["JobGrid:PoisonCrashes"] = "100", ["JobGrid:PoisonCrashesInCompany"] = "100",
        };
        await run.StartAsync(new ClusterPlan(1, options, Store: StorePlan.File));
        run.Follow(2);
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(25, Draw, Patience, stop.Token);
        var side = SideAsync(run, stop.Token);
        await run.DelayAsync(2);
        var silo = run.Cluster.Silos[0];
        foreach (var point in (string[])[.. Points, .. FilePoints])
        {
            run.Log(point);
            await CrashAsync(run, silo, point);
        }

        // A silo that stands alone passes these as it starts, before anybody could tell it anything.
        foreach (var point in OpeningPoints)
        {
            run.Log(point);
            run.Kill(silo);
            await silo.WaitForExitAsync(Patience);
            silo.Start(run.Cluster.Settings with { More = new Dictionary<string, string>(options) { ["Faults:CrashAt"] = point } });
            await WaitForDeathAsync(run, silo, point, Monotonic.Now);
            if (silo.IsRunning) run.Kill(silo);
            await silo.WaitForExitAsync(Patience);
            await run.RestartAsync(silo);
        }

        await stop.CancelAsync();
        await load;
        await side;
        run.Figures["crashPoints"] = Points.Length + FilePoints.Length + OpeningPoints.Length;
        await run.SettleAsync(Quiet);
        run.Expect(await RawFile.IsSoundAsync(run.Cluster.Settings.File!), "SQLite finds the file damaged");
    }

    public static async Task CrashAsync(FaultRun run, SiloProcess victim, string point)
    {
        var from = Monotonic.Now;
        await ArmAsync(run, victim, point);
        await WaitForDeathAsync(run, victim, point, from);
        if (!victim.IsRunning) await run.RestartAsync(victim);
    }

    /// <summary>Where only one silo comes by, and nobody outside knows which.</summary>
    private static async Task CrashWhoeverAsync(FaultRun run, string point)
    {
        var from = Monotonic.Now;
        foreach (var silo in run.Cluster.Silos) await ArmAsync(run, silo, point);
        await await Task.WhenAny(run.Cluster.Silos.Select(silo => silo.WaitForExitAsync(DeathDeadline)));
        run.Expect(run.Cluster.Silos.Any(silo => !silo.IsRunning), $"nobody came by {point} within {DeathDeadline.TotalSeconds:0} s");
        foreach (var silo in run.Cluster.Silos.Where(silo => silo.IsRunning)) await ArmAsync(run, silo, "none");
        foreach (var silo in run.Cluster.Silos.Where(silo => !silo.IsRunning))
        {
            run.Died(silo, point, from);
            await run.RestartAsync(silo);
        }
    }

    private static async Task ArmAsync(FaultRun run, SiloProcess victim, string point, int? hit = null)
    {
        try
        {
            await run.Cluster.TellAsync(victim, $"/faults/crash?point={point}&hit={hit ?? 1 + run.Random.Next(3)}");
        }
        catch (HttpRequestException)
        {
            // It came by before it could answer.
        }
    }

    private static async Task WaitForDeathAsync(FaultRun run, SiloProcess victim, string point, long from)
    {
        var life = victim.Life;
        var died = await victim.WaitForExitAsync(DeathDeadline);
        run.Expect(died, $"{life} did not come by {point} within {DeathDeadline.TotalSeconds:0} s");
        if (died) run.Died(victim, point, from);
        else
        {
            // So that it does not die unseen later.
            await ArmAsync(run, victim, "none");
        }
    }

    /// <summary>What a steady load does not bring about: pauses, jobs whose retention is over soon, deletes, and more work than the slots of one silo.</summary>
    private static async Task SideAsync(FaultRun run, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            try
            {
                await run.Client.PostAsync($"/queues/side/{(i % 2 == 0 ? "pause" : "resume")}", "{}");
                await run.SubmitUncheckedAsync(new JobOrder("checkpointed", "{\"steps\":1}", ExpectedEnd.Any, More: ",\"retention\":1"));
                await run.DeleteUncheckedAsync(new JobOrder("checkpointed", "{\"steps\":1}", ExpectedEnd.Any), DeleteWait);
                if (i % 10 == 0) await run.Load.SubmitBatchAsync([.. Enumerable.Repeat(JobOrder.Sleep(300), Wave)], Patience);
            }
            catch (HttpRequestException)
            {
                // That gateway has just died; the next turn asks another.
            }

            await run.DelayAsync(0.3);
        }
    }

    private static JobOrder Draw(Random random) => random.Next(10) switch
    {
        < 3 => JobOrder.Sleep(random.Next(200)),
        < 5 => new("checkpointed", $"{{\"steps\":{1 + random.Next(5)},\"stepMs\":30}}", ExpectedEnd.Success),
        < 7 => new("flaky", $"{{\"failures\":{random.Next(3)},\"ms\":20}}", ExpectedEnd.Success),
        < 8 => JobOrder.Sleep(20, TimeSpan.FromMilliseconds(random.Next(3000))),
        _ => new("quick", "{}", ExpectedEnd.Success),
    };
}
