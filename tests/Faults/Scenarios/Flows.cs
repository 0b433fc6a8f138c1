using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Flows, while what they run on dies.</summary>
internal static class Flows
{
    private const int Senders = 16;
    private const int MostKills = 8;

    /// <summary>Every so many flows have a fan-out that is spread over all partitions, and so told by letters.</summary>
    private const int OneIsWide = 20;
    private const int Wide = 80;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan Standstill = TimeSpan.FromSeconds(6);
    /// <summary>What children take at most, so that the grid has time to be ill-treated.</summary>
    private const int LongestMs = 300;

    /// <summary>For silos that are killed and started again at once: what tells of a death is the next life, and one that is merely slow, on a machine that has too little for all, is not given up.</summary>
    public static readonly KeyValuePair<string, string> SlowProbes = new("Silo:ProbeSeconds", "20");
    private static readonly Dictionary<string, string> Options = new([new("JobGrid:Slots", "40"), SlowProbes]);

    public static readonly Scenario[] All =
    [
        new("flow-kill", "kill -9 of a silo of three every few seconds while 200 flows of ten steps run, each with a fan-out of 20 and a join", KillAsync, TakesCount: true),
        new("flow-redis", "Redis is killed, stopped for 10 s, and killed again while 60 such flows run", RedisAsync),
        new("flow-signals", "kill -9 of a silo of three every few seconds while 60 flows take twelve signals each, sent over HTTP and some of them twice", SignalsAsync),
        new("flow-wide", "kill -9 of two silos of three while one flow starts 100,000 children and joins them", WideAsync, TakesCount: true),
    ];

    /// <summary>Kills silos one after the other, each of which comes back, until nothing is left to be done or enough have died.</summary>
    public static async Task KillWhileAsync(FaultRun run, Task busy, int atMost)
    {
        for (var kills = 0; kills < atMost; kills++)
        {
            await Task.WhenAny(busy, run.DelayAsync(1.5 + (run.Random.NextDouble() * 3)));
            run.ExpectAllRunning();
            if (busy.IsCompleted) return;
            var victim = run.Cluster.Silos[run.Random.Next(run.Cluster.Silos.Count)];
            run.Kill(victim);
            await run.DelayAsync(run.Random.NextDouble());
            await run.RestartAsync(victim);
        }
    }

    private static async Task KillAsync(FaultRun run)
    {
        var count = run.CountOr(200);
        await run.StartAsync(new ClusterPlan(run.IsWhole ? 3 : 1, Options, AppendFsync: "always"));
        run.Follow(2);
        var flows = new FlowWatch(run);
        // Without a safeguard nothing need die for it to show.
        if (run.IsWhole) await KillWhileAsync(run, EndAsync(run, flows, count), MostKills);
        else await SendAsync(run, flows, count);
        await run.SettleAsync(Quiet, standstill: Standstill);
    }

    private static async Task RedisAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, Options, AppendFsync: "always"));
        run.Follow(2);
        var flows = new FlowWatch(run);
        var busy = SendAsync(run, flows, 60);
        await run.DelayAsync(2);
        await KillRedisAsync(run);
        await run.DelayAsync(2);
        run.Record("stop", "redis", explains: false);
        run.Cluster.Redis.Stop();
        await run.DelayAsync(10);
        run.Cluster.Redis.Continue();
        await run.DelayAsync(3);
        await KillRedisAsync(run);
        await busy;
        await run.SettleAsync(Quiet);
    }

    private static async Task SignalsAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, Options, AppendFsync: "always"));
        run.Follow(2);
        var flows = new FlowWatch(run);
        var busy = Task.WhenAll(Enumerable.Range(0, 60).Select(async _ =>
        {
            var random = new Random(run.Random.Next());
            var plan = await flows.SubmitAsync(steps: 1, fan: 3, ms: 50, signals: 12, Patience);
            await flows.SignalAsync(plan, random, TimeSpan.FromSeconds(4), Patience);
        }).ToList());
        await KillWhileAsync(run, busy, MostKills);
        await busy;
        await run.SettleAsync(Quiet);
    }

    private static async Task WideAsync(FaultRun run)
    {
        await run.StartAsync(new ClusterPlan(3, Options, AppendFsync: "always"));
        var flows = new FlowWatch(run);
        await flows.SubmitAsync(steps: 1, run.CountOr(100_000), ms: 0, signals: 0, Patience);
        var busy = Deadlines.UntilAsync("the flow has ended", Quiet, async () => await run.Cluster.Store.CountUnfinishedAsync() == 0);
        await KillWhileAsync(run, busy, 2);
        await busy;
        await run.SettleAsync(Quiet);
    }

    private static async Task SendAsync(FaultRun run, FlowWatch flows, int count)
    {
        var next = 0;
        var random = new Random(run.Random.Next());
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(async _ =>
        {
            for (int number; (number = Interlocked.Increment(ref next)) <= count;)
            {
                int ms;
                lock (random) ms = run.IsWhole ? random.Next(LongestMs) : 0;
                await flows.SubmitAsync(10, number % OneIsWide == 0 ? Wide : 20, ms, 0, Patience);
            }
        }));
    }

    /// <summary>Until all have ended, which is looked for in the store.</summary>
    private static async Task EndAsync(FaultRun run, FlowWatch flows, int count)
    {
        await SendAsync(run, flows, count);
        await Deadlines.UntilAsync("all flows have ended", Quiet, async () => await run.Cluster.Store.CountUnfinishedAsync() == 0);
    }

    private static async Task KillRedisAsync(FaultRun run)
    {
        run.Record("kill", "redis", explains: false);
        run.Cluster.Redis.Kill();
        await run.DelayAsync(2);
        await run.Cluster.Redis.StartAsync();
    }
}
