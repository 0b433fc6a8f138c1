using System.Collections.Concurrent;
using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Loads;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Keys while silos die and rules change: limits are never exceeded, orders never broken, and of a unique value there are never two.</summary>
internal static class Keys
{
    private const int Senders = 24;
    internal static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    internal static readonly TimeSpan Quiet = TimeSpan.FromMinutes(3);

    /// <summary>How much older than its start a grant may be: it is committed and carried to a worker, on a machine that may be busy.</summary>
    internal static readonly long Delivery = 3 * Monotonic.PerSecond;

    public static readonly Scenario[] All =
    [
        new("keys-kill", "kill -9 of a silo of three every few seconds while jobs of keys with limits, rates and an order run", KillAsync, TakesCount: true),
        new("keys-change", "rules of keys are changed many times under load, while silos are killed", ChangeAsync, TakesCount: true),
        new("unique-race", "many post jobs of the same unique values at the same time, while silos are killed", RaceAsync, TakesCount: true),
    ];

    private static async Task KillAsync(FaultRun run)
    {
        await StartAsync(run);
        await PutAsync(run, "tenant", """{"concurrency":3}""");
        await PutAsync(run, "rated", """{"rate":{"limit":10,"per":1,"burst":5}}""");
        await PutAsync(run, "line", """{"concurrency":1,"order":"fifo"}""");
        var jobs = new ConcurrentDictionary<string, string>();
        var lines = new ConcurrentDictionary<int, List<string>>();
        var left = run.CountOr(600);
        var busy = Task.WhenAll(
        [
            .. Enumerable.Range(0, Senders).Select(async sender =>
            {
                while (Interlocked.Decrement(ref left) >= 0)
                {
                    var key = sender % 4 == 0 ? "rated/x" : $"tenant/{sender % 3}";
                    await SendAsync(run, jobs, key, sender % 4 == 0 ? 20 : 400);
                }
            }),
            // One after the other, so that there is an order to be held.
            .. Enumerable.Range(0, 3).Select(async number =>
            {
                var line = lines[number] = [];
                while (Volatile.Read(ref left) > 0 && await SendAsync(run, jobs, $"line/{number}", 60) is { Length: > 0 } id) line.Add(id);
            }),
        ]);
        await Flows.KillWhileAsync(run, busy, 6);
        await busy;
        run.Then(history =>
        {
            KeyLimitWindow[] three = [new(0, long.MaxValue, 3)], one = [new(0, long.MaxValue, 1)];
            for (var i = 0; i < 3; i++)
            {
                run.Report(KeyChecker.Concurrency($"tenant/{i}", Of(jobs, $"tenant/{i}"), history.Marks, three, Delivery, Deaths(history)));
                run.Report(KeyChecker.Concurrency($"line/{i}", Of(jobs, $"line/{i}"), history.Marks, one, Delivery, Deaths(history)));
                run.Report(KeyChecker.Order($"line/{i}", lines[i], history.Marks));
            }

            run.Report(KeyChecker.Rate("rated/x", Of(jobs, "rated/x"), history.Marks, 10, TimeSpan.FromSeconds(1), 5, Delivery));
        });
        await run.SettleAsync(Quiet);
        run.Figures["keyed"] = jobs.Count;
    }

    private static async Task ChangeAsync(FaultRun run)
    {
        await StartAsync(run);
        var windows = new List<KeyLimitWindow>();
        await RuleAsync(4);
        var jobs = new ConcurrentDictionary<string, string>();
        var left = run.CountOr(500);
        var busy = Task.WhenAll([.. Enumerable.Range(0, Senders).Select(async sender =>
        {
            while (Interlocked.Decrement(ref left) >= 0) await SendAsync(run, jobs, $"tenant/{sender % 3}", 200);
        })]);
        var changes = ChangeOnAsync();
        await Flows.KillWhileAsync(run, busy, 3);
        await busy;
        await changes;
        run.Then(history =>
        {
            for (var i = 0; i < 3; i++) run.Report(KeyChecker.Concurrency($"tenant/{i}", Of(jobs, $"tenant/{i}"), history.Marks, windows, Delivery, Deaths(history)));
        });
        await run.SettleAsync(Quiet);
        run.Figures["rules"] = windows.Count;

        async Task ChangeOnAsync()
        {
            while (!busy.IsCompleted)
            {
                await run.DelayAsync(0.5 + run.Random.NextDouble());
                await RuleAsync(1 + run.Random.Next(6));
            }
        }

        async Task RuleAsync(int most)
        {
            var sent = Monotonic.Now;
            await PutAsync(run, "tenant", $$"""{"concurrency":{{most}}}""");
            // What runs under a higher limit goes on under a lower one: starts alone are held against it, and those that ran are counted as if they were allowed.
            var answered = Monotonic.Now + 2 * Monotonic.PerSecond;
            if (windows.Count > 0) windows[^1] = windows[^1] with { Until = answered };
            windows.Add(new(sent, long.MaxValue, most));
        }
    }

    private static async Task RaceAsync(FaultRun run)
    {
        await StartAsync(run);
        var rounds = run.CountOr(12);
        // A round takes less time than a silo needs to come back: there are rounds for as long as silos are killed.
        var killing = Flows.KillWhileAsync(run, new TaskCompletionSource().Task, 2);
        await RoundsAsync();
        await killing;
        await run.SettleAsync(Quiet);

        async Task RoundsAsync()
        {
            for (var round = 0; round < rounds || !killing.IsCompleted; round++)
            {
                var value = $"v-{round}";
                // Long enough that none has ended when the last is answered.
                var ids = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => run.Load.SubmitAsync(
                    new JobOrder("sleep", """{"ms":60000}""", ExpectedEnd.Success, More: $",\"unique\":{{\"value\":\"{value}\"}}", Key: Guid.NewGuid().ToString("n")), Patience)));
                var distinct = ids.Where(id => id.Length > 0).Distinct().ToList();
                if (distinct.Count > 1) run.Report([new Violation(Rules.UniqueTwice, distinct[1], $"it has the value '{value}', as {distinct[0]} has")]);
            }
        }
    }

    // Each death counts against the jobs that were there, which here may be any.
    internal static Task StartAsync(FaultRun run) => run.StartAsync(new ClusterPlan(3, new Dictionary<string, string>(
        [new("JobGrid:Slots", "60"), new("JobGrid:Partitions", "6"), new("JobGrid:PoisonCrashes", "100"), new("JobGrid:PoisonCrashesInCompany", "100"), Flows.SlowProbes]), AppendFsync: "always"));

    internal static async Task PutAsync(FaultRun run, string name, string rule, string? path = null)
    {
        await Deadlines.UntilAsync($"the rule of {name} is put", Patience, async () =>
        {
            try
            {
                return (int)(await run.Client.PutAsync(path ?? $"/keys/{name}", rule)).Status is 200 or 201;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
    }

    /// <summary>An idempotency key makes it safe to send it again; the id is the grid's.</summary>
    private static Task<string> SendAsync(FaultRun run, ConcurrentDictionary<string, string> jobs, string key, int milliseconds) =>
        SendAsync(run, jobs, key, milliseconds, $",\"key\":\"{key}\"");

    /// <param name="name">Under which it is looked at.</param>
    internal static async Task<string> SendAsync(FaultRun run, ConcurrentDictionary<string, string> jobs, string name, int milliseconds, string more)
    {
        var order = new JobOrder("sleep", $$"""{"ms":{{milliseconds}}}""", ExpectedEnd.Success, More: more, Key: Guid.NewGuid().ToString("n"));
        var id = await run.Load.SubmitAsync(order, Patience);
        if (id.Length > 0) jobs[id] = name;
        return id;
    }

    internal static HashSet<string> Of(ConcurrentDictionary<string, string> jobs, string key) => [.. jobs.Where(job => job.Value == key).Select(job => job.Key)];

    internal static Dictionary<string, long> Deaths(History history) => history.Faults.GroupBy(fault => fault.Target).ToDictionary(group => group.Key, group => group.Min(fault => fault.From));
}
