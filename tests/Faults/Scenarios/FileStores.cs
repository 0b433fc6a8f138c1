using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;
using OrleansJobs.Faults.Stores;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>A silo that stands alone, with its jobs in a file.</summary>
internal static class FileStores
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(90);

    // A silo that is killed again and again while a suspect is alone there would convict it, as it must: that is not what is asked here.
    private static readonly Dictionary<string, string> Options = new()
    {
        ["JobGrid:Slots"] = "100", ["JobGrid:PoisonCrashes"] = "100", ["JobGrid:PoisonCrashesInCompany"] = "100", ["Store:ReservedDiskBytes"] = "2000000",
    };

    public static readonly Scenario[] All =
    [
        new("file-kill", "kill -9 of a lone silo with its jobs in a file, eight times under load", KillAsync),
        new("file-kills", "a lone silo is started and killed, often before it is ready, 20 times or as often as --count says", KillOftenAsync, TakesCount: true),
        new("file-power", "the power fails four times under load: the file is again what the disk had at that moment", LosePowerAsync, NeedsDisk: true),
        new("file-full", "the disk of the file is full under load, then has room again", FillAsync, NeedsDisk: true),
    ];

    private static async Task KillAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(1, Options, Store: StorePlan.File));
        await UnderLoadAsync(run, rounds: 8, async silo =>
        {
            run.Kill(silo);
            await run.RestartAsync(silo);
        });
    }

    /// <summary>Kills at any moment from the first instruction of a process on, so that openings, repairs of the log and the first writes are hit as well.</summary>
    private static async Task KillOftenAsync(FaultRun run)
    {
        const int UsualKills = 20, KillsBetweenRests = 25;
        var kills = run.CountOr(UsualKills);
        var beforeReady = 0;
        await run.StartAsync(new ClusterPlan(1, Options, Store: StorePlan.File));
        run.Follow(2);
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(8, DrawShort, Patience, stop.Token);
        var silo = run.Cluster.Silos[0];
        for (var kill = 1; kill <= kills; kill++)
        {
            // One in two lives gets as far as its work; the other ends somewhere on the way there.
            if (run.Random.Next(2) == 0) await run.Cluster.UntilReadyAsync(silo);
            await run.DelayAsync(1.5 * run.Random.NextDouble());
            if (!await run.Cluster.IsReadyAsync(silo.Address)) beforeReady++;
            run.Expect(silo.IsRunning, $"{silo.Life} ended by itself");
            run.Kill(silo);
            await silo.WaitForExitAsync(Patience);
            silo.Start(run.Cluster.Settings);
            // What waits gets its turn, or no job would end before the last kill.
            if (kill % KillsBetweenRests != 0) continue;
            await run.Cluster.UntilReadyAsync(silo);
            await run.DelayAsync(3);
            run.Log($"{kill} kills");
        }

        await run.Cluster.UntilReadyAsync(silo);
        await stop.CancelAsync();
        await load;
        run.Figures["kills"] = kills;
        run.Figures["killsBeforeReady"] = beforeReady;
        await run.SettleAsync(Quiet);
        run.Expect(await RawFile.IsSoundAsync(run.Cluster.Settings.File!), "SQLite finds the file damaged");
    }

    private static async Task LosePowerAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(1, Options, Store: StorePlan.FileOnADisk));
        await UnderLoadAsync(run, rounds: 4, async silo =>
        {
            run.Record("power", silo.Life, explains: true);
            // Stopped, so that nothing is answered after the moment that is remembered.
            silo.Send(Signal.Stop);
            run.Cluster.Disk!.Remember();
            silo.Kill();
            await silo.WaitForExitAsync(Patience);
            await run.Cluster.Disk.ReturnAsync();
            await run.RestartAsync(silo);
        });
    }

    private static async Task FillAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(1, Options, Store: StorePlan.FileOnADisk));
        run.Follow(2);
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(40, Draw, Patience, stop.Token);
        await run.DelayAsync(4);
        var ballast = Path.Combine(run.Cluster.Disk!.Folder, "ballast");
        run.Record("full", run.Cluster.Silos[0].Life, explains: false);
        Fill(ballast);
        await run.DelayAsync(8);
        run.Expect(await IsRefusedAsync(run), "submits are taken although the disk is full");
        File.Delete(ballast);
        run.Log("the disk has room again");
        await run.DelayAsync(8);
        run.Expect(!await IsRefusedAsync(run), "submits are refused although the disk has room again");
        await stop.CancelAsync();
        await load;
        await run.SettleAsync(Quiet);
    }

    private static async Task UnderLoadAsync(FaultRun run, int rounds, Func<SiloProcess, Task> fault)
    {
        run.Follow(2);
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(60, Draw, Patience, stop.Token);
        for (var round = 0; round < rounds; round++)
        {
            await run.DelayAsync(2 + 3 * run.Random.NextDouble());
            await fault(run.Cluster.Silos[0]);
        }

        await run.DelayAsync(2);
        await stop.CancelAsync();
        await load;
        await run.SettleAsync(Quiet);
    }

    private static void Fill(string ballast)
    {
        using var file = new FileStream(ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var block = new byte[1 << 16]; block.Length >= 512;)
        {
            try
            {
                file.Write(block);
            }
            catch (IOException)
            {
                block = new byte[block.Length / 2];
            }
        }
    }

    /// <summary>Asked by a job that nobody looks at.</summary>
    private static async Task<bool> IsRefusedAsync(FaultRun run)
    {
        var answer = await run.SubmitUncheckedAsync(JobOrder.Sleep(1));
        return answer.IsBusy;
    }

    private static JobOrder DrawShort(Random random) => random.Next(10) switch
    {
        < 6 => JobOrder.Sleep(random.Next(300)),
        < 8 => JobOrder.Sleep(10, TimeSpan.FromMilliseconds(random.Next(20_000))),
        < 9 => new("checkpointed", $"{{\"steps\":{1 + random.Next(3)},\"stepMs\":50}}", ExpectedEnd.Success),
        _ => new("flaky", $"{{\"failures\":{random.Next(3)},\"ms\":20}}", ExpectedEnd.Success),
    };

    private static JobOrder Draw(Random random) => random.Next(10) switch
    {
        < 5 => JobOrder.Sleep(random.Next(300)),
        < 6 => JobOrder.Sleep(2000 + random.Next(2000)),
        < 8 => JobOrder.Sleep(10, TimeSpan.FromMilliseconds(random.Next(8000))),
        < 9 => new("checkpointed", $"{{\"steps\":{1 + random.Next(5)},\"stepMs\":100}}", ExpectedEnd.Success),
        _ => new("flaky", $"{{\"failures\":{random.Next(3)},\"ms\":20}}", ExpectedEnd.Success),
    };
}
