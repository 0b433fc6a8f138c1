using System.Net;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Submits whose answer is lost, and submits that come many times.</summary>
internal static class Gateways
{
    private const int Posts = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(60);

    public static readonly Scenario[] All =
    [
        new("gateway-kill", "gateways are killed around the durable write while clients retry with the same key", KillAsync),
        new("one-key", "100 concurrent posts with one key, several times over", OneKeyAsync),
    ];

    private static async Task KillAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(2, new Dictionary<string, string> { ["JobGrid:Slots"] = "100" }, Gateways: 2));
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(100, random => JobOrder.Sleep(random.Next(100)) with { Key = $"\"{random.NextInt64():x}\"" }, Patience, stop.Token);
        await KillInTurnAsync(run);

        await stop.CancelAsync();
        await load;
        ExpectOneJobAKey(run);
        await run.SettleAsync(Quiet);
    }

    /// <summary>Six times one of two, which is started again at once.</summary>
    public static async Task KillInTurnAsync(FaultRun run)
    {
        for (var i = 0; i < 6; i++)
        {
            await run.DelayAsync(0.5 + run.Random.NextDouble());
            var gateway = run.Cluster.Gateways[i % 2];
            run.Record("kill", gateway.Name, explains: false);
            gateway.Kill();
            gateway.Start(run.Cluster.Settings);
            await Deadlines.UntilAsync($"{gateway.Name} is ready again", TimeSpan.FromSeconds(60), () => run.Cluster.IsReadyAsync(gateway.Address));
        }
    }

    private static async Task OneKeyAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(2, new Dictionary<string, string> { ["JobGrid:Slots"] = "100" }));
        for (var round = 0; round < 20; round++)
        {
            var order = JobOrder.Sleep(round) with { Key = $"\"key-{run.Random.NextInt64():x}\"" };
            await Task.WhenAll(Enumerable.Range(0, Posts).Select(_ => run.Load.SubmitAsync(order, Patience)));
            var other = await run.AskAsync(() => run.Client.PostAsync("/jobs", JobOrder.Sleep(round + 1).ToJson(null), order.Key));
            run.Expect(other.Status == HttpStatusCode.UnprocessableEntity, $"other content under a key that is taken is answered {(int)other.Status}");
            var again = await run.AskAsync(() => run.Client.PostAsync("/jobs", order.ToJson(null), order.Key));
            run.Expect(again is { IsAccepted: true, Replayed: true }, "a repeated post does not say that it is a replay");
        }

        ExpectOneJobAKey(run);
        await run.SettleAsync(Quiet);
        run.Then(history => run.Expect(JobRuns.Of(history.Marks).Values.All(job => job.Attempts.Count == 1), "a job that was posted many times ran more than once"));
    }

    private static void ExpectOneJobAKey(FaultRun run)
    {
        foreach (var (key, ids) in run.Load.Keys)
            run.Expect(ids.Distinct().Count() == 1, $"key {key} was answered with {string.Join(" and ", ids.Distinct())}");
        run.Figures["keys"] = run.Load.Keys.Count;
    }
}
