using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;
using OrleansJobs.Faults.Sinks;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Calls on the ends of jobs, while those who make them die.</summary>
internal static class Webhooks
{
    private const string CallPrefix = "oj-call-";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>A call that was refused comes again after five seconds, then fifteen.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(150);

    public static readonly Scenario[] All = [new("webhook-kill", "kill -9 of each silo of three in turn while each end of a job is told to somebody who refuses some calls", KillAsync)];

    private static async Task KillAsync(FaultRun run)
    {
        using var sink = new CallSink(Ports.Free());
        await run.StartAsync(new ClusterPlan(3, new Dictionary<string, string>
        {
            ["JobGrid:Slots"] = "200", ["JobGrid:Http:Hosts:0"] = "http://127.0.0.1:*", ["JobGrid:Http:AllowNetworks:0"] = "127.0.0.0/8",
            ["JobGrid:Webhooks:Secrets:0"] = sink.Secret, ["JobGrid:Webhooks:Rules:0:Url"] = sink.Address,
        }, AppendFsync: "always"));
        run.Complete(history =>
        {
            history.Store?.RemoveAll(row => row.Id.StartsWith(CallPrefix, StringComparison.Ordinal));
            return Task.CompletedTask;
        });
        using var stop = new CancellationTokenSource();
        var load = run.Load.RunAsync(40, random => JobOrder.Sleep(random.Next(500)), Patience, stop.Token);
        foreach (var victim in run.Cluster.Silos)
        {
            await run.DelayAsync(3 + run.Random.NextDouble());
            run.Kill(victim);
            await run.DelayAsync(1 + run.Random.NextDouble());
            await run.RestartAsync(victim);
            // Until what it ran has run again: a job that meets two crashes has to wait until it can run alone.
            await run.DelayAsync(12);
        }

        await stop.CancelAsync();
        await load;
        await run.SettleAsync(Quiet);
        run.Figures["calls"] = sink.Taken.Count;
        run.Figures["repeatedCalls"] = sink.Taken.Values.Sum(bodies => bodies.Count - 1);
        foreach (var wrong in sink.Wrong.Distinct().Take(5)) run.Expect(false, wrong);
        run.Expect(sink.Taken.Values.All(bodies => bodies.Distinct().Count() == 1), "a call that was repeated said something else");
        run.Then(history =>
        {
            var untold = history.Submits.Where(submit => submit.AcceptedAt is not null && !sink.Jobs.ContainsKey(submit.Id)).Select(submit => submit.Id).ToList();
            run.Expect(untold.Count == 0, $"of {untold.Count} jobs nobody was told, such as {untold.FirstOrDefault()}");
            var sent = history.Submits.Select(submit => submit.Id).ToHashSet();
            run.Expect(sink.Jobs.Keys.All(sent.Contains), "somebody was told of a job that nobody has sent");
            // Each ends once, so it is told of under one id.
            run.Expect(sink.Taken.Count == sink.Jobs.Count, $"{sink.Jobs.Count} jobs were told of under {sink.Taken.Count} ids");
        });
    }
}
