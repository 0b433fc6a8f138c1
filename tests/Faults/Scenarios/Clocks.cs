using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>The wall clock of a silo jumps by days, and is put right again.</summary>
internal static class Clocks
{
    private const int Finished = 60;
    private const int Scheduled = 120;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    /// <summary>More than any finished job is kept.</summary>
    private static readonly TimeSpan Off = TimeSpan.FromDays(10);
    private static readonly Dictionary<string, string> Options = new() { ["JobGrid:Slots"] = "100" };

    public static readonly Scenario[] All =
    [
        new("clock-ahead", "the clock of one silo of three jumps ten days ahead while jobs are scheduled; it ends once its clock is right, and does not start with such a one", AheadAsync),
        new("clock-back", "the clock of one silo of three jumps ten days back while jobs run and fall due", BackAsync),
    ];

    private static async Task AheadAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, Options));
        run.Follow(3);
        await run.Load.SendAsync(Finished, 16, random => JobOrder.Sleep(random.Next(100)), Patience);
        await run.Load.SendAsync(Scheduled, 16, random => JobOrder.Sleep(10, TimeSpan.FromSeconds(30 + random.Next(10))), Patience);
        var victim = run.Cluster.Silos[run.Random.Next(3)];
        run.SetClock(victim, Off);
        await UntilItSaysSoAsync(run, victim);
        await run.Load.SendAsync(Finished, 16, random => JobOrder.Sleep(random.Next(100)), Patience);
        await run.DelayAsync(5);
        run.SetClock(victim, TimeSpan.Zero);
        if (run.IsWhole) await StartAgainAsync(run, victim);
        await run.SettleAsync(Quiet);
    }

    /// <summary>A silo whose clock was that far ahead drains and ends once it is right, and does not start while it is wrong.</summary>
    private static async Task StartAgainAsync(FaultRun run, SiloProcess victim)
    {
        run.Record("drain", victim.Life, explains: true);
        run.Expect(await victim.WaitForExitAsync(TimeSpan.FromSeconds(60)), $"{victim.Life} goes on, though its clock was {Off.TotalDays} days ahead and has been set back");
        if (victim.IsRunning) victim.Kill();
        run.SetClock(victim, Off);
        victim.Start(run.Cluster.Settings);
        run.Expect(await victim.WaitForExitAsync(TimeSpan.FromSeconds(60)), $"{victim.Life} starts, though its clock is {Off.TotalDays} days ahead");
        run.Expect(victim.ExitCode is not (0 or null), $"{victim.Life} ended with {victim.ExitCode}");
        run.Expect(File.ReadAllText(victim.Log).Contains("A silo does not start with such a clock", StringComparison.Ordinal), $"{victim.Life} does not say why it does not start");
        run.SetClock(victim, TimeSpan.Zero);
        await run.RestartAsync(victim);
    }

    private static async Task BackAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, Options));
        run.Follow(3);
        await run.Load.SendAsync(Scheduled, 16, random => JobOrder.Sleep(10, TimeSpan.FromSeconds(5 + random.Next(10))), Patience);
        await run.Load.SendAsync(Finished, 16, random => JobOrder.Sleep(3_000 + random.Next(6_000)), Patience);
        var victim = run.Cluster.Silos[run.Random.Next(3)];
        run.SetClock(victim, -Off);
        await UntilItSaysSoAsync(run, victim);
        // What ends now is kept from now on, not from ten days ago.
        await run.Load.SendAsync(Finished, 16, random => JobOrder.Sleep(random.Next(100)), Patience);
        await run.DelayAsync(10);
        run.SetClock(victim, TimeSpan.Zero);
        await run.Cluster.UntilReadyAsync(victim);
        await run.SettleAsync(Quiet);
    }

    private static async Task UntilItSaysSoAsync(FaultRun run, SiloProcess victim)
    {
        if (run.IsWhole)
        {
            await Deadlines.UntilAsync($"{victim.Life} says that its clock is wrong", Soon, async () =>
                await run.Cluster.ReadinessAsync(victim) is var said && said.Contains("The clock of this silo says", StringComparison.Ordinal));
        }
        else await run.DelayAsync(5);

        foreach (var other in run.Cluster.Silos.Where(silo => silo != victim))
            run.Expect(await run.Cluster.IsReadyAsync(other.Address), $"{other.Life} is not ready, though its clock is right");
    }
}
