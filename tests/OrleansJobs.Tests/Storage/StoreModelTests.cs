using System.Globalization;
using System.Text;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;
using static OrleansJobs.Tests.Storage.Records;

namespace OrleansJobs.Tests.Storage;

/// <summary>
/// Random commits to both stores, which must answer and hold the same after each. A failure names its seed: <c>OJ_STORE_SEED=n</c> runs that one alone.
/// </summary>
public class StoreModelTests(RedisFixture fixture) : IClassFixture<RedisFixture>
{
    private const int Seeds = 30;
    private const int Steps = 60;

    [Fact]
    public async Task RandomCommits_LeaveBothStoresTheSame()
    {
        await using var redis = await RedisConnection.ConnectAsync(fixture.Server.ConnectionString);
        if (Environment.GetEnvironmentVariable("OJ_STORE_SEED") is { } given)
        {
            await RunAsync(redis, int.Parse(given, CultureInfo.InvariantCulture));
            return;
        }

        for (var seed = 1; seed <= Seeds; seed++) await RunAsync(redis, seed);
    }

    private static async Task RunAsync(IConnectionMultiplexer redis, int seed)
    {
        var random = new Random(seed);
        // Its clock stands at the beginning of time, so that its generations are those it is told.
        IPartitionStore[] stores = [new MemoryPartitionStore(new FakeClock()), new RedisPartitionStore(redis, $"model-{Guid.NewGuid():N}")];
        var ids = new RandomCommits(random);
        var generations = new List<long>();
        long sequence = 0;
        PartitionCommit? sent = null;

        for (var step = 0; step < Steps; step++)
        {
            if (generations.Count == 0 || random.Next(15) == 0)
            {
                var opened = await stores[1].OpenAsync(3);
                var openings = new[] { await stores[0].OpenAsync(3, opened.Generation - 1), opened };
                Same(Text(openings[0]), Text(openings[1]), "opening");
                generations.Add(openings[0].Generation);
                sequence = 0;
            }

            // Mostly the next commit; now and then the last one again, one of an older activation, or one out of order.
            var commit = random.Next(10) switch
            {
                0 when sent is not null => sent,
                1 => ids.Next(3, generations[random.Next(generations.Count)], sequence + 1),
                2 => ids.Next(3, generations[^1], sequence + random.Next(2, 4)),
                _ => ids.Next(3, generations[^1], sequence + 1),
            };
            var outcomes = new[] { await stores[0].CommitAsync(commit), await stores[1].CommitAsync(commit) };
            Same(outcomes[0].ToString(), outcomes[1].ToString(), "outcome");
            if (outcomes[0] == CommitOutcome.Applied)
            {
                sequence = commit.Sequence;
                sent = commit;
                ids.Applied(commit);
            }

            Same(await StateAsync(stores[0], new Random(seed + step)), await StateAsync(stores[1], new Random(seed + step)), "state");

            void Same(string memory, string inRedis, string what)
            {
                if (memory != inRedis)
                    Assert.Fail($"The stores' {what} differs at step {step} of seed {seed} (run it alone: OJ_STORE_SEED={seed}).\nmemory:\n{memory}\nredis:\n{inRedis}");
            }
        }
    }

    private sealed class FakeClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch;
    }

    private static string Text(PartitionOpening opening) =>
        $"""
         generation {opening.Generation} existed {opening.Existed} stamp {opening.LastStamp} deadline {opening.NextDeadline}
         leases {string.Join(' ', opening.Leases.Select(lease => $"{lease.Key}={Records.Text(lease.Value)}").Order(StringComparer.Ordinal))}
         lanes {string.Join(' ', opening.Lanes.Select(lane => $"{lane.Lane}:{lane.Count}:{lane.FirstDue}").Order(StringComparer.Ordinal))}
         counts {string.Join(' ', opening.Counts.Select(count => $"{count.Key}={count.Value}").Order(StringComparer.Ordinal))}
         """;

    /// <summary>All that reads give, with their filters and bounds drawn from the generator.</summary>
    private static async Task<string> StateAsync(IPartitionStore store, Random random)
    {
        var state = new StringBuilder();
        var jobs = await store.ReadAsync(3, RandomCommits.Ids);
        for (var i = 0; i < jobs.Length; i++) state.AppendLine($"job {RandomCommits.Ids[i]} {Records.Text(jobs[i])}");
        foreach (var lane in RandomCommits.Lanes)
        {
            Add($"lane {lane}", await store.ReadLaneAsync(3, lane, LanePosition.Start, 1000, int.MaxValue));
            var after = new LanePosition(random.Next(RandomCommits.Instants), random.Next(3) == 0 ? "" : RandomCommits.Ids[random.Next(RandomCommits.Ids.Length)]);
            Add($"lane {lane} after {after}", await store.ReadLaneAsync(3, lane, after, random.Next(1, 10), random.Next(60)));
        }

        var (before, since, limit) = (random.Next(1, 300), random.Next(200), random.Next(1, 20));
        foreach (var query in (LogQuery[])
                 [
                     new(long.MaxValue, 0, 1000), new(before, since, limit), new(before, since, limit, Queue: "q0"),
                     new(before, since, limit, Type: "t1"), new(before, since, limit, Queue: "q1", Type: "t0"),
                     .. RandomCommits.Indexes.Select(index => new LogQuery(long.MaxValue, 0, 1000, index)), new(before, since, limit, RandomCommits.Indexes[0]),
                 ])
        {
            state.AppendLine($"{query}: {string.Join(' ', (await store.ReadLogAsync(3, query)).Select(line => $"{line.Stamp}:{line.Id}"))}");
        }

        state.AppendLine($"expired {string.Join(' ', await store.ReadExpiredAsync(3, random.Next(RandomCommits.Instants), 10))}");
        Add("deadlines", await store.ReadDeadlinesAsync(3, random.Next(RandomCommits.Instants), 10));
        return state.ToString();

        void Add(string what, LaneEntry[] entries) =>
            state.AppendLine($"{what}: {string.Join(' ', entries.Select(entry => $"{entry.Due}:{entry.Id}:{Records.Text(entry.Job)}"))}");
    }
}
