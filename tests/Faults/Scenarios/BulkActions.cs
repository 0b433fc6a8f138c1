using System.Text.Json;
using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>What is done to many jobs, while those who do it die.</summary>
internal static class BulkActions
{
    private const int Jobs = 8000, Batch = 500;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(90);

    /// <summary>How far the action is, as a share, when all silos are killed.</summary>
    private static readonly double[] Kills = [0.15, 0.4, 0.65];

    public static readonly Scenario[] All = [new("act-kill", "kill -9 of all silos, up to three times, while an action retries 8,000 jobs that fail again at once", KillAsync)];

    private static async Task KillAsync(FaultRun run)
    {
        // The action is there at each crash.
        await run.StartAsync(new ClusterPlan(3, new Dictionary<string, string>
        {
            ["JobGrid:Slots"] = "40", ["JobGrid:PoisonCrashes"] = "100", ["JobGrid:PoisonCrashesInCompany"] = "100",
        }, AppendFsync: "always"));
        // They end twice, which other checks would take for a broken promise: what is held against them is here.
        var ids = Enumerable.Range(0, Jobs).Select(_ => $"u-{Guid.CreateVersion7():n}").ToList();
        run.Forget(ids);
        foreach (var batch in ids.Chunk(Batch))
            await run.AskAsync(() => run.Client.PostAsync("/jobs:batch", $"[{string.Join(',', batch.Select(id => Order(id, "before")))}]"));
        await Deadlines.UntilAsync("all of them have failed", Patience, async () => await run.Cluster.Store.CountUnfinishedAsync() == 0);

        var begun = await run.AskAsync(() => run.Client.PostAsync("/jobs:act", """{"action":"retry","filter":{"state":"FAILURE","tag.wave":"before"},"reason":"mended"}""", "act-kill"));
        var action = GatewayClient.IdOf(begun.Body);
        run.Forget([action]);
        var kills = 0;
        foreach (var share in Kills)
        {
            var isOver = false;
            await Deadlines.UntilAsync($"the action has come to {share:0%}", Patience, async () =>
            {
                var now = await ShareAsync(run, action);
                isOver = now is null;
                return isOver || now >= share;
            });
            // It may have come to its end while the silos became ready again.
            if (isOver) break;
            kills++;
            foreach (var silo in run.Cluster.Silos) run.Kill(silo);
            foreach (var silo in run.Cluster.Silos) await silo.WaitForExitAsync(Patience);
            foreach (var silo in run.Cluster.Silos) silo.Start(run.Cluster.Settings);
            await run.Cluster.UntilAllReadyAsync();
        }

        run.Figures["timesAllWereKilled"] = kills;
        run.Expect(kills > 0, "the action was over before anything could be killed");
        await Deadlines.UntilAsync("the action is over", Patience, async () => await ShareAsync(run, action) is null);
        await run.SettleAsync(Quiet);
        await CheckAsync(run, action);
    }

    private static async Task CheckAsync(FaultRun run, string action)
    {
        using var ended = await JsonAsync(run, $"/jobs/{action}");
        var job = ended.RootElement;
        run.Expect(job.GetProperty("state").GetString() == "SUCCESS", $"the action has ended as {job.GetRawText()}");
        if (job.TryGetProperty("result", out var result))
        {
            run.Figures["done"] = result.GetProperty("done").GetInt64();
            run.Figures["skipped"] = result.GetProperty("skipped").GetInt64();
            run.Expect(result.GetProperty("done").GetInt64() == Jobs, $"of {Jobs} jobs it says {result.GetRawText()}");
        }

        run.Figures["attemptsOfTheAction"] = job.GetProperty("attempt").GetInt32();
        var seen = 0;
        for (var path = "/jobs?tag.wave=before&limit=200"; path is not null;)
        {
            using var page = await JsonAsync(run, path);
            foreach (var each in page.RootElement.GetProperty("jobs").EnumerateArray())
            {
                seen++;
                var id = each.GetProperty("id").GetString()!;
                var retries = each.TryGetProperty("changes", out var changes)
                    ? changes.EnumerateArray().Count(change => change.GetProperty("what").GetString() == "retried" && change.TryGetProperty("action", out var by) && by.GetString() == action)
                    : 0;
                if (retries > 1) run.Violate(Rules.ActedTwice, id, $"one action has retried it {retries} times");
                if (retries == 0) run.Violate(Rules.NotActed, id, "it had failed before the action began, and was not retried");
            }

            path = page.RootElement.TryGetProperty("cursor", out var cursor) ? $"/jobs?tag.wave=before&limit=200&cursor={Uri.EscapeDataString(cursor.GetString()!)}" : null;
        }

        run.Expect(seen == Jobs, $"{seen} of {Jobs} jobs are listed");
    }

    /// <summary>Null: it has ended.</summary>
    private static async Task<double?> ShareAsync(FaultRun run, string action)
    {
        using var json = await JsonAsync(run, $"/jobs/{action}");
        var job = json.RootElement;
        return job.GetProperty("state").GetString() is "PENDING" or "PROGRESS" ? job.GetProperty("current").GetDouble() / job.GetProperty("total").GetDouble() : null;
    }

    private static async Task<JsonDocument> JsonAsync(FaultRun run, string path) => JsonDocument.Parse((await run.AskAsync(() => run.Client.GetAsync(path))).Body);

    private static string Order(string id, string wave) => new JobOrder("fail", "{}", ExpectedEnd.Any, More: $",\"attempts\":1,\"tags\":{{\"wave\":\"{wave}\"}}").ToJson(id);
}
