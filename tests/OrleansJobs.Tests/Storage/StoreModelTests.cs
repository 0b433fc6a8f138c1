using System.Globalization;
using System.Text;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using OrleansJobs.Tests.Storage.Sqlite;
using StackExchange.Redis;
using static OrleansJobs.Tests.Storage.TestLayout;

namespace OrleansJobs.Tests.Storage;

/// <summary>
/// Random commits to all stores, which must answer and hold the same after each. A failure names its seed: <c>OJ_STORE_SEED=n</c> runs that one alone.
/// </summary>
public class StoreModelTests(RedisFixture fixture) : IClassFixture<RedisFixture>
{
    private const int Seeds = 15;
    private const int Steps = 60;

    [Fact]
    public async Task RandomCommits_LeaveAllStoresTheSame()
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
        // Clocks that stand at the beginning of time: generations are those that a store is told.
        using var folder = new SqliteFolder();
        IPartitionStore[] stores =
        [
            new RedisPartitionStore(redis, $"model-{Guid.NewGuid():N}", Layout), new MemoryPartitionStore(Layout, new FakeClock()), folder.Open(configure: options => options.Durability = SqliteDurability.Normal, time: new FakeClock()),
        ];
        var commits = new RandomCommits(random);
        var generations = new List<long>();
        long sequence = 0;
        PartitionCommit? sent = null;

        for (var step = 0; step < Steps; step++)
        {
            if (generations.Count == 0 || random.Next(15) == 0)
            {
                var opened = await stores[0].OpenAsync(3);
                foreach (var store in stores[1..]) Same(store, Text(opened), Text(await store.OpenAsync(3, opened.Generation - 1)), "opening");
                generations.Add(opened.Generation);
                sequence = 0;
            }

            // Mostly the next commit; now and then the last one again, one of an older activation, or one out of order.
            var commit = random.Next(10) switch
            {
                0 when sent is not null => sent,
                1 => commits.Next(3, generations[random.Next(generations.Count)], sequence + 1),
                2 => commits.Next(3, generations[^1], sequence + random.Next(2, 4)),
                _ => commits.Next(3, generations[^1], sequence + 1),
            };
            var outcome = await stores[0].CommitAsync(commit);
            foreach (var store in stores[1..]) Same(store, outcome.ToString(), (await store.CommitAsync(commit)).ToString(), "outcome");
            if (outcome == CommitOutcome.Applied && commit != sent)
            {
                sequence = commit.Sequence;
                sent = commit;
                commits.Applied(commit);
            }

            var state = await StateAsync(stores[0], new Random(seed + step));
            foreach (var store in stores[1..]) Same(store, state, await StateAsync(store, new Random(seed + step)), "state");

            void Same(IPartitionStore store, string inRedis, string there, string what)
            {
                if (inRedis != there)
                    Assert.Fail($"The {what} of {store.Kind} differs at step {step} of seed {seed} (run it alone: OJ_STORE_SEED={seed}).\nredis:\n{inRedis}\n{store.Kind}:\n{there}");
            }
        }
    }

    private sealed class FakeClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch;
    }

    private static string Text(PartitionOpening opening) =>
        $"""
         generation {opening.Generation} existed {opening.Existed} stamp {opening.LastStamp} ranks {opening.First(Ranks)} turns {opening.First(Turns)}
         marks {string.Join(' ', Texts.Of(opening.Rows(Marks)))}
         told {string.Join(' ', Texts.Of(opening.Sets(Told)))}
         shown {string.Join(' ', Texts.Of(opening.Sets(Shown)))}
         numbers {string.Join(' ', Texts.Of(opening.Counts(Numbers)))}
         tallies {string.Join(' ', Texts.Of(opening.Counts(Tallies)))}
         """;

    /// <summary>All that reads give, with their filters and bounds drawn from the generator.</summary>
    private static async Task<string> StateAsync(IPartitionStore store, Random random)
    {
        var state = new StringBuilder();
        Add("rows", (await store.ReadRowsAsync(3, Whole, RandomCommits.Members)).Select(Texts.Text));
        Add("rows", (await store.ReadRowsAsync(3, new([new(Marks), new(Heads)], random.Next(60)), RandomCommits.Members)).Select(Texts.Text));
        foreach (var set in RandomCommits.Sets)
        {
            Add($"{set}", Texts.Of(await store.ReadSetAsync(3, set, new(long.MinValue, long.MaxValue, 1000))));
            var range = new SetRange(Score(), Score(), random.Next(1, 10), random.Next(2) == 0);
            Add($"{set} {range}", Texts.Of(await store.ReadSetAsync(3, set, range)));
            await AddPageAsync(set, SetPlace.Start, 1000, int.MaxValue);
            var member = random.Next(3) == 0 ? "" : RandomCommits.Members[random.Next(RandomCommits.Members.Length)];
            await AddPageAsync(set, new(Score(), member), random.Next(1, 10), random.Next(60));
        }

        foreach (var sets in (OrderedSets[])[Told, Shown, Quiet])
            Add($"{sets} counts", (await store.CountAsync(3, sets, ["x", "y:z", "w"], Score())).Select(count => $"{count}"));
        foreach (var logs in RandomCommits.LogParts)
        {
            var (before, after, limit) = (random.Next(1, RandomCommits.Stamps), random.Next(200), random.Next(1, 20));
            Add($"{logs}", Texts.Of(await store.ReadLogsAsync(3, logs, new(long.MaxValue, 0, 1000))));
            foreach (var fits in (Func<string, bool>?[])[null, log => log.StartsWith('0'), "1/0".Equals])
                Add($"{logs} below {before} above {after}", Texts.Of(await store.ReadLogsAsync(3, logs, new(before, after, limit, fits))));
        }

        return state.ToString();

        long Score() => random.Next(-3, RandomCommits.Scores + 1);

        async Task AddPageAsync(SetName set, SetPlace after, int limit, int budget)
        {
            var page = await store.ReadPageAsync(3, set, after, limit, Whole with { ByteBudget = budget });
            Add($"{set} behind {after}", page.Select(line => $"{line.Member}:{line.Score}:{(line.Rows is { } rows ? Texts.Text(rows) : "not read")}"));
        }

        void Add(string what, IEnumerable<string> lines) => state.AppendLine($"{what}: {string.Join(' ', lines)}");
    }
}
