using System.Collections.Concurrent;
using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Limits of queues and keys while silos die, and while partitions move.</summary>
internal static class QueueLimits
{
    private const int Senders = 24;
    private const int Most = 5;

    /// <summary>Long enough that what runs when a partition moves runs on for a while.</summary>
    private const int Milliseconds = 2000;

    /// <summary>What is lent by a rate is good for a second.</summary>
    private static readonly long Delivery = Keys.Delivery + Monotonic.PerSecond;
    private static readonly TimeSpan StopDeadline = TimeSpan.FromMinutes(1);
    private static readonly KeyLimitWindow[] Always = [new(0, long.MaxValue, Most)];

    public static readonly Scenario[] All =
    [
        new("queue-limit-kill", "kill -9 of a silo of three every few seconds while jobs of queues with limits run, in all partitions", run => RunAsync(run, busy => Flows.KillWhileAsync(run, busy, 6)), TakesCount: true),
        new("keys-move", "silos are stopped and started one after the other, so that partitions move, while limits of keys and queues hold", run => RunAsync(run, busy => MoveWhileAsync(run, busy)), TakesCount: true),
    ];

    private static async Task RunAsync(FaultRun run, Func<Task, Task> disturb)
    {
        await Keys.StartAsync(run);
        await Keys.PutAsync(run, "limited", $$"""{"concurrency":{{Most}}}""", "/queues/limited/limits");
        await Keys.PutAsync(run, "rated", """{"rate":{"limit":10,"per":1,"burst":5}}""", "/queues/rated/limits");
        await Keys.PutAsync(run, "tenant", """{"concurrency":2}""");
        var jobs = new ConcurrentDictionary<string, string>();
        var left = run.CountOr(200);
        var busy = Task.WhenAll([.. Enumerable.Range(0, Senders).Select(async sender =>
        {
            for (var number = sender; Interlocked.Decrement(ref left) >= 0; number++)
            {
                if (sender % 4 == 0) await Keys.SendAsync(run, jobs, "rated", 20, ",\"queue\":\"rated\"");
                // Some of the queue's jobs have keys with limits of their own.
                else if (number % 3 == 0) await Keys.SendAsync(run, jobs, $"tenant/{sender % 2}", Milliseconds, $",\"queue\":\"limited\",\"key\":\"tenant/{sender % 2}\"");
                else await Keys.SendAsync(run, jobs, "limited", Milliseconds, ",\"queue\":\"limited\"");
            }
        })]);
        await disturb(EndedAsync());
        await busy;
        run.Then(history =>
        {
            var deaths = Keys.Deaths(history);
            HashSet<string> limited = [.. jobs.Where(job => job.Value != "rated").Select(job => job.Key)];
            run.Report(KeyChecker.Concurrency("the queue limited", limited, history.Marks, Always, Keys.Delivery, deaths));
            run.Report(KeyChecker.Rate("the queue rated", Keys.Of(jobs, "rated"), history.Marks, 10, TimeSpan.FromSeconds(1), 5, Delivery));
            for (var i = 0; i < 2; i++) run.Report(KeyChecker.Concurrency($"tenant/{i}", Keys.Of(jobs, $"tenant/{i}"), history.Marks, [new(0, long.MaxValue, 2)], Keys.Delivery, deaths));
        });
        await run.SettleAsync(Keys.Quiet);
        run.Figures["limited"] = jobs.Count;

        // What is sent quickly takes long to run.
        async Task EndedAsync()
        {
            await busy;
            await run.DelayAsync(jobs.Count(job => job.Value != "rated") * (Milliseconds / 1000.0) / Most * 0.8);
        }
    }

    private static async Task MoveWhileAsync(FaultRun run, Task busy)
    {
        for (var moves = 0; moves < 6 && !busy.IsCompleted; moves++)
        {
            await Task.WhenAny(busy, run.DelayAsync(1 + run.Random.NextDouble()));
            run.ExpectAllRunning();
            var silo = run.Cluster.Silos[moves % run.Cluster.Silos.Count];
            await run.TerminateAsync(silo, StopDeadline);
            await run.DelayAsync(run.Random.NextDouble());
            await run.RestartAsync(silo);
        }
    }
}
