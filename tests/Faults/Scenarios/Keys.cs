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

    /// <summary>How long a rule holds before another is put: longer than a delivery and what else is allowed for.</summary>
    private static readonly TimeSpan Held = TimeSpan.FromSeconds(10);

    /// <summary>Of jobs that are unique until they start.</summary>
    private static readonly TimeSpan Countdown = TimeSpan.FromSeconds(6);

    public static readonly Scenario[] All =
    [
        new("keys-kill", "kill -9 of a silo of three every few seconds while jobs of keys with limits, rates and an order run", KillAsync, TakesCount: true),
        new("keys-change", "limits, rates and orders of keys are changed under load, each held for longer than the checker allows for, while silos are killed", ChangeAsync, TakesCount: true),
        new("unique-race", "many post jobs of the same unique values at the same time, that are to return, reject, replace, push back, or be one until they start, while silos are killed", RaceAsync, TakesCount: true),
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

    /// <summary>
    /// Each rule holds for longer than the checker allows for: what a rule says that held before, or is to hold next, explains nothing in the midst of it. Loose rules and tight ones
    /// take turns, so that one that is not taken up shows.
    /// </summary>
    private static async Task ChangeAsync(FaultRun run)
    {
        await StartAsync(run);
        var (limits, rates, orders) = (new List<KeyLimitWindow>(), new List<RateWindow>(), new List<OrderWindow>());
        var jobs = new ConcurrentDictionary<string, string>();
        List<string>[] lines = [[], []];
        await RulesAsync(isTight: false);
        using var over = new CancellationTokenSource();
        var changes = ChangeOnAsync();
        var busy = Task.WhenAll(
        [
            changes,
            .. Enumerable.Range(0, 12).Select(sender => RepeatAsync(0.6, () => SendAsync(run, jobs, $"tenant/{sender % 3}", 800))),
            .. Enumerable.Range(0, 2).Select(_ => RepeatAsync(0.3, () => SendAsync(run, jobs, "rated/x", 20))),
            // One after the other, and of drawn priorities: without an order they do not go as they came.
            .. lines.Select((line, number) => (Line: line, Number: number, Drawn: new Random(run.Random.Next()))).Select(sender => RepeatAsync(0.3, async () =>
            {
                var (line, number, drawn) = sender;
                var id = await SendAsync(run, jobs, $"line/{number}", 150, $",\"key\":\"line/{number}\",\"priority\":{drawn.Next(10)}");
                if (id.Length == 0) throw new TimeoutException("A submit was not accepted, so that nobody knows the order.");
                line.Add(id);
                return id;
            })),
        ]);
        await Flows.KillWhileAsync(run, changes, 3);
        await busy;
        run.Then(history =>
        {
            for (var i = 0; i < 3; i++) run.Report(KeyChecker.Concurrency($"tenant/{i}", Of(jobs, $"tenant/{i}"), history.Marks, limits, Delivery, Deaths(history)));
            foreach (var window in rates)
            {
                var starts = history.Marks.Where(mark => mark.At >= window.From + Delivery && mark.At <= window.Until);
                run.Report(KeyChecker.Rate("rated/x", Of(jobs, "rated/x"), starts, window.Limit, TimeSpan.FromSeconds(1), window.Burst, Delivery));
            }

            foreach (var window in orders)
            {
                for (var i = 0; i < lines.Length; i++) run.Report(KeyChecker.OrderWithin($"line/{i}", lines[i], history.Marks, window.From + Delivery, window.Until));
            }
        });
        await run.SettleAsync(Quiet);
        run.Expect(orders.Count > 0 && rates.Exists(window => window.Limit == 1), "tight rules held");
        run.Figures["rules"] = limits.Count + rates.Count + orders.Count;

        async Task ChangeOnAsync()
        {
            try
            {
                for (var change = 1; change <= run.CountOr(4); change++)
                {
                    await run.DelayAsync(Held.TotalSeconds);
                    await RulesAsync(isTight: change % 2 == 1);
                }

                // What has gathered is to end in time.
                await run.DelayAsync(Held.TotalSeconds);
                await RulesAsync(isTight: false);
            }
            finally
            {
                await over.CancelAsync();
            }
        }

        async Task RepeatAsync(double pause, Func<Task<string>> send)
        {
            while (!over.IsCancellationRequested)
            {
                await send();
                await run.DelayAsync(pause);
            }
        }

        async Task RulesAsync(bool isTight)
        {
            var sent = Monotonic.Now;
            if (rates.Count > 0) rates[^1] = rates[^1] with { Until = Math.Min(rates[^1].Until, sent) };
            if (orders.Count > 0) orders[^1] = orders[^1] with { Until = Math.Min(orders[^1].Until, sent) };
            var most = isTight ? 1 : 6;
            await PutAsync(run, "tenant", $$"""{"concurrency":{{most}}}""");
            // What runs under a higher limit goes on under a lower one: starts alone are held against it, and those that ran are counted as if they were allowed.
            if (limits.Count > 0) limits[^1] = limits[^1] with { Until = Monotonic.Now + 2 * Monotonic.PerSecond };
            limits.Add(new(sent, long.MaxValue, most));
            var (limit, burst) = isTight ? (1, 1) : (20, 10);
            await PutAsync(run, "rated", $$$"""{"rate":{"limit":{{{limit}}},"per":1,"burst":{{{burst}}}}}""");
            rates.Add(new(Monotonic.Now, long.MaxValue, limit, burst));
            await PutAsync(run, "line", isTight ? """{"concurrency":1,"order":"fifo"}""" : """{"concurrency":1}""");
            if (isTight) orders.Add(new(Monotonic.Now, long.MaxValue));
        }
    }

    /// <summary>Many post jobs of one value at the same time, and say in turn what is to become of those that are not the first. What ran is what the handlers wrote.</summary>
    private static async Task RaceAsync(FaultRun run)
    {
        await StartAsync(run);
        var rounds = run.CountOr(12);
        var values = new ConcurrentDictionary<string, string>();
        var untilStart = new ConcurrentDictionary<string, string>();
        // A round takes less time than a silo needs to come back: there are rounds for as long as silos are killed.
        var killing = Flows.KillWhileAsync(run, new TaskCompletionSource().Task, 2);
        await RoundsAsync();
        await killing;
        run.Then(history =>
        {
            var deaths = Deaths(history);
            foreach (var value in values.GroupBy(job => job.Value)) run.Report(KeyChecker.Unique(value.Key, value.Select(job => job.Key).ToHashSet(), history.Marks, deaths));
            var ran = history.Marks.Select(mark => mark.Id).ToHashSet();
            foreach (var value in untilStart.GroupBy(job => job.Value))
                run.Report(KeyChecker.UniqueUntilStart(value.Key, history.Submits.Where(job => ran.Contains(job.Id) && untilStart.GetValueOrDefault(job.Id) == value.Key), Monotonic.Of(Countdown)));
        });
        await run.SettleAsync(Quiet);
        run.Figures["values"] = values.Values.Concat(untilStart.Values).Distinct().Count();

        async Task RoundsAsync()
        {
            for (var round = 0; round < rounds || !killing.IsCompleted; round++)
            {
                var value = $"v-{round}";
                var isOne = (round % 5) == 0;
                await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => (round % 5) switch
                {
                    // Long enough that none has ended when the last is answered.
                    0 => PostAsync(60_000, "", value, values),
                    1 => RejectedAsync(value),
                    2 => PostAsync(3000, ",\"on\":\"replace\"", value, values, 2),
                    3 => PostAsync(3000, ",\"on\":\"debounce\",\"longest\":4", value, values, 2),
                    _ => PostAsync(3000, ",\"until\":\"start\"", value, untilStart, Countdown.TotalSeconds),
                }));
                var ids = values.Where(job => job.Value == value).Select(job => job.Key).ToList();
                if (isOne && ids.Count > 1) run.Report([new Violation(Rules.UniqueTwice, ids[1], $"it has the value '{value}', as {ids[0]} has")]);
            }
        }

        async Task PostAsync(int milliseconds, string says, string value, ConcurrentDictionary<string, string> jobs, double countdown = 0)
        {
            // Those whose place is taken are cancelled; one that pushes others back is due when the first of them says.
            var id = await run.Load.SubmitAsync(OrderOf(milliseconds, says, value, countdown), Patience);
            if (id.Length > 0) jobs[id] = value;
        }

        // A refusal is an answer here, and none that the load expects.
        async Task RejectedAsync(string value)
        {
            var order = OrderOf(5000, ",\"on\":\"reject\"", value, 0);
            var sent = Monotonic.Now;
            await Deadlines.UntilAsync("a submit is taken or refused", Patience, async () =>
            {
                try
                {
                    var answer = await run.Client.PostAsync("/jobs", order.ToJson(null), order.Key);
                    if (answer.Status == System.Net.HttpStatusCode.Conflict) return true;
                    if (!answer.IsAccepted) return answer.IsBusy ? false : throw new InvalidOperationException($"A submit was answered {(int)answer.Status}.");
                    var id = GatewayClient.IdOf(answer.Body);
                    run.Load.Adopt(new Submitted(id, order.Type, sent, Monotonic.Now, sent, order.Expected));
                    values[id] = value;
                    return true;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            });
        }

        static JobOrder OrderOf(int milliseconds, string says, string value, double countdown) => new(
            "sleep", $$"""{"ms":{{milliseconds}}}""", ExpectedEnd.Any, Key: Guid.NewGuid().ToString("n"),
            More: (countdown > 0 ? FormattableString.Invariant($",\"countdown\":{countdown}") : "") + $",\"unique\":{{\"value\":\"{value}\"{says}}}");
    }

    private sealed record RateWindow(long From, long Until, int Limit, int Burst);

    private sealed record OrderWindow(long From, long Until);

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
