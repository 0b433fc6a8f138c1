using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;
using static OrleansJobs.Tests.Storage.TestLayout;
using static OrleansJobs.Tests.Storage.Texts;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>
/// A partition whose slot is on its way from one node to another, with some of its keys here and some there. Nothing is done by half, and nothing that is not
/// here is taken for nothing.
/// </summary>
public class RedisSlotMoveTests(RedisClusterFixture fixture) : IClassFixture<RedisClusterFixture>
{
    private readonly string _service = $"move-{Guid.NewGuid():N}";

    /// <param name="first">Which key goes first.</param>
    [Theory]
    [InlineData("meta")]
    [InlineData("heads")]
    [InlineData("lines.names")]
    public async Task WhileASlotMoves_CallsFail_AndAfterItTheyAreApplied(string first)
    {
        var store = new RedisPartitionStore(fixture.Redis, _service, Layout);
        var writer = await PartitionWriter.OpenAsync(store);
        await writer.CommitAsync(commit =>
        {
            commit.Put(Heads, "a", Bytes("1"));
            commit.Put(Told["x"], "a", 1);
            commit.Append(Lines, "log", 1, "a");
            commit.Count(Numbers, "n", 1);
        });
        var next = writer.Next(commit =>
        {
            commit.Put(Heads, "b", Bytes("2"));
            commit.Put(Bodies, "b", Bytes("new table"));
            commit.Put(Told["y"], "b", 2);
            commit.Append(Lines, "log", 2, "b");
            commit.Count(Numbers, "n", 1);
        });
        var move = await SlotMove.BeginAsync(fixture, Key("meta"));
        await move.MoveAsync(Key(first));

        await Assert.ThrowsAnyAsync<Exception>(async () => await store.CommitAsync(next));
        await Assert.ThrowsAnyAsync<Exception>(async () => await store.OpenAsync(0));
        await Assert.ThrowsAnyAsync<OrleansException>(async () => await store.ReadRowsAsync(0, Whole, ["a"]));

        await move.EndAsync();
        var outcome = await EventuallyAsync(() => store.CommitAsync(next).AsTask());
        Assert.Equal(CommitOutcome.Applied, outcome);
        Assert.Equal(["1,-,-", "2,new table,-"], await writer.ReadRowsAsync("a", "b"));
        Assert.Equal(["2:b", "1:a"], await writer.ReadLinesAsync());
        Assert.Equal(["n=2"], Of((await writer.ReopenAsync()).Counts(Numbers)));
    }

    private string Key(string suffix) => $"oj:{{{_service}:0}}:{suffix}";

    /// <summary>The client learns where the slot is by being told.</summary>
    private static async Task<T> EventuallyAsync<T>(Func<Task<T>> call)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await call();
            }
            catch (RedisException) when (tries < 50)
            {
                await Task.Yield();
            }
        }
    }

    private sealed class SlotMove(int slot, (int Port, string Id) from, (int Port, string Id) to)
    {
        public static async Task<SlotMove> BeginAsync(RedisClusterFixture fixture, string key)
        {
            var ports = fixture.Cluster.Nodes.Select(node => node.Port).ToList();
            var slot = int.Parse(await RedisCluster.Cli("-p", $"{ports[0]}", "CLUSTER", "KEYSLOT", key));
            var owner = -1;
            foreach (var port in ports)
            {
                var keys = await RedisCluster.Cli("-p", $"{port}", "CLUSTER", "COUNTKEYSINSLOT", $"{slot}");
                if (int.Parse(keys) > 0) owner = port;
            }

            var move = new SlotMove(slot, (owner, await IdOf(owner)), (ports.First(port => port != owner), await IdOf(ports.First(port => port != owner))));
            await move.ToldAsync(move.To, "IMPORTING", move.From.Id);
            await move.ToldAsync(move.From, "MIGRATING", move.To.Id);
            return move;
        }

        private (int Port, string Id) From { get; } = from;

        private (int Port, string Id) To { get; } = to;

        public Task MoveAsync(params string[] keys) =>
            RedisCluster.Cli(["-p", $"{From.Port}", "MIGRATE", "127.0.0.1", $"{To.Port}", "", "0", "5000", "KEYS", .. keys]);

        public async Task EndAsync()
        {
            var left = await RedisCluster.Cli("-p", $"{From.Port}", "CLUSTER", "GETKEYSINSLOT", $"{slot}", "1000");
            await MoveAsync(left.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            await ToldAsync(To, "NODE", To.Id);
            await ToldAsync(From, "NODE", To.Id);
        }

        private async Task ToldAsync((int Port, string Id) node, string what, string other) =>
            Assert.StartsWith("OK", await RedisCluster.Cli("-p", $"{node.Port}", "CLUSTER", "SETSLOT", $"{slot}", what, other));

        private static async Task<string> IdOf(int port) => (await RedisCluster.Cli("-p", $"{port}", "CLUSTER", "MYID")).Trim();
    }
}
