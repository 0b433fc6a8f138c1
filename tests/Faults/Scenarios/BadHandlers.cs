using System.Text.Json;
using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Handlers that do what handlers should not.</summary>
internal static class BadHandlers
{
    /// <summary>Two make a suspect, and one alone a killer.</summary>
    private const int FewestCrashes = 3;

    /// <summary>So many would convict anybody.</summary>
    private const int MostCrashes = 15;

    private const int Killers = 20;
    private const int Good = 1000;
    private static readonly TimeSpan PoisonQuiet = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ManyQuiet = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan ManyQuietWithoutTrials = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan Watch = TimeSpan.FromMilliseconds(50);

    public static readonly Scenario[] All =
    [
        new("poison", "three jobs that kill their process each time, among 160 good ones; dead silos are started again", PoisonAsync),
        new("poison-many", "20 jobs that kill their process each time, some only after a while, among 1,000 good ones; dead silos are started again", PoisonManyAsync),
        new("bad-handlers", "handlers that spin, block threads, ignore cancellation, leak, throw what cannot be read, return 50 MB or a cycle", BadAsync),
    ];

    private static async Task PoisonAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, new Dictionary<string, string> { ["JobGrid:Slots"] = "100" }));
        using var stop = new CancellationTokenSource();
        var keeping = KeepRunningAsync(run, stop.Token);
        await run.Load.SendAsync(60, 16, random => JobOrder.Sleep(500 + random.Next(2500)), Patience);
        await run.Load.SendAsync(3, 1, random => Killer(100 + random.Next(900)), Patience);
        await run.Load.SendAsync(100, 16, random => JobOrder.Sleep(random.Next(2000)), Patience);
        await run.SettleAsync(PoisonQuiet);
        await stop.CancelAsync();
        await keeping;
        await ExpectConvictionsAsync(run);
    }

    /// <summary>Every fourth killer kills only after a while, so that others come and go beside it.</summary>
    private static async Task PoisonManyAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, new Dictionary<string, string> { ["JobGrid:Slots"] = "100" }));
        using var stop = new CancellationTokenSource();
        var keeping = KeepRunningAsync(run, stop.Token);
        for (var round = 0; round < Killers; round++)
        {
            var slow = round % 4 == 3;
            await run.Load.SendAsync(1, 1, random => Killer(slow ? 3000 + random.Next(5000) : random.Next(1000)), Patience);
            await run.Load.SendAsync(Good / Killers, 16, random => JobOrder.Sleep(random.Next(1000)), Patience);
        }

        await run.SettleAsync(ManyQuiet, withoutSafeguard: ManyQuietWithoutTrials);
        await stop.CancelAsync();
        await keeping;
        await ExpectConvictionsAsync(run);
    }

    private static JobOrder Killer(int afterMs) => new("exit", $"{{\"ms\":{afterMs}}}", ExpectedEnd.Failure("poison"));

    /// <summary>That all killers and nobody else are convicted is what every history is checked for; here, that it was while they were alone.</summary>
    private static async Task ExpectConvictionsAsync(FaultRun run)
    {
        foreach (var bad in run.Load.Submits.Where(submit => submit.Type == "exit"))
        {
            // A silo may die of another job between a lease and the handler's first line: that is a crash and no run.
            using var status = JsonDocument.Parse((await run.AskAsync(() => run.Client.GetAsync($"/jobs/{bad.Id}"))).Body);
            var crashes = status.RootElement.GetProperty("attempts").EnumerateArray().Count(attempt => attempt.GetProperty("outcome").GetString() == "crashed");
            run.Expect(crashes is >= FewestCrashes and < MostCrashes, $"{bad.Id} was convicted after {crashes} crashes");
            run.Figures["mostCrashes"] = Math.Max(run.Figures.GetValueOrDefault("mostCrashes"), crashes);
        }

        run.Figures["siloDeaths"] = run.Cluster.Silos.Sum(silo => silo.Lives - 1);
    }

    private static async Task BadAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(2, new Dictionary<string, string> { ["JobGrid:Slots"] = "50", ["JobGrid:CancelGrace"] = "00:00:02" }));
        run.Follow(2);
        var before = run.Cluster.Silos.Sum(silo => silo.ReadMemory());
        JobOrder[] bad =
        [
            new("spin", "{\"ms\":1500}", ExpectedEnd.Success), new("block-threads", "{\"ms\":4000}", ExpectedEnd.Success), new("leak", "{}", ExpectedEnd.Success),
            new("ignore-cancel", "{\"ms\":8000}", ExpectedEnd.Failure("timeout")), new("bad-message", "{}", ExpectedEnd.Failure("error"), More: ",\"attempts\":1"),
            new("huge-result", "{}", ExpectedEnd.Failure("result_too_large")), new("cyclic-result", "{}", ExpectedEnd.Failure("bad_result")),
        ];
        var sends = bad.Select((order, i) => run.Load.SendAsync(order.Type is "spin" or "huge-result" ? 3 : 12, 4, _ => bad[i], Patience));
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(15), TimeProvider.System);
        var good = run.Load.RunAsync(20, random => JobOrder.Sleep(random.Next(200)), Patience, stop.Token);
        await Task.WhenAll(sends);
        await good;
        await run.SettleAsync(Quiet);
        run.Expect(run.Cluster.Silos.All(silo => silo.IsRunning), "a silo has ended");
        run.Figures["memoryGrowthMB"] = (run.Cluster.Silos.Sum(silo => silo.ReadMemory()) - before) >> 20;
    }

    /// <summary>What Kubernetes or systemd does: a process that ends is started again.</summary>
    private static async Task KeepRunningAsync(FaultRun run, CancellationToken stop)
    {
        var lastAlive = run.Cluster.Silos.ToDictionary(silo => silo, _ => Monotonic.Now);
        while (!stop.IsCancellationRequested)
        {
            foreach (var silo in run.Cluster.Silos)
            {
                var now = Monotonic.Now;
                if (silo.IsRunning)
                {
                    lastAlive[silo] = now;
                    continue;
                }

                run.Died(silo, "exit", lastAlive[silo]);
                run.Log($"{silo.Life} has died; starting it again");
                silo.Start(run.Cluster.Settings);
                lastAlive[silo] = now;
            }

            await run.DelayAsync(Watch.TotalSeconds);
        }
    }
}
