using System.Text.Json;
using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Handlers that do what handlers should not.</summary>
internal static class BadHandlers
{
    private const int Convicted = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan Watch = TimeSpan.FromMilliseconds(50);

    public static readonly Scenario[] All =
    [
        new("poison", "three jobs that kill their process each time, among 160 good ones; dead silos are started again", PoisonAsync),
        new("bad-handlers", "handlers that spin, block threads, ignore cancellation, leak, throw what cannot be read, return 50 MB or a cycle", BadAsync),
    ];

    private static async Task PoisonAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, new Dictionary<string, string> { ["JobGrid:Slots"] = "100" }));
        using var stop = new CancellationTokenSource();
        var keeping = KeepRunningAsync(run, stop.Token);
        // Neighbours that two crashes make suspects run alone from then on: few and short, so that they come to their end.
        await run.Load.SendAsync(60, 16, random => JobOrder.Sleep(500 + random.Next(2500)), Patience);
        await run.Load.SendAsync(3, 1, random => new JobOrder("exit", $"{{\"ms\":{100 + random.Next(900)}}}", ExpectedEnd.Failure("poison")), Patience);
        await run.Load.SendAsync(100, 16, random => JobOrder.Sleep(random.Next(2000)), Patience);
        await run.SettleAsync(Quiet);
        await stop.CancelAsync();
        await keeping;
        foreach (var bad in run.Load.Submits.Where(submit => submit.Type == "exit"))
        {
            // A silo may die of another job between a lease and the handler's first line: that is a crash and no run.
            using var status = JsonDocument.Parse((await run.Client.GetAsync($"/jobs/{bad.Id}")).Body);
            var crashes = status.RootElement.GetProperty("attempts").EnumerateArray().Count(attempt => attempt.GetProperty("outcome").GetString() == "crashed");
            run.Expect(crashes == Convicted, $"{bad.Id} was convicted after {crashes} crashes");
        }
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
