using OrleansJobs.Storage;
using StackExchange.Redis;
using static OrleansJobs.Tests.Storage.TestLayout;
using static OrleansJobs.Tests.Storage.Texts;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>All that the store asks of Redis.</summary>
internal static class StoreCalls
{
    /// <summary>Enough that a log's stream has nodes to give up.</summary>
    private const int Count = 600;

    /// <summary>Every kind of call, and of the scripts every branch that has keys of its own.</summary>
    /// <param name="admin">Sets the limit of the server's memory.</param>
    public static async Task EachAsync(RedisPartitionStore store, IDatabase admin)
    {
        await store.OpenGridAsync(4);
        Assert.NotNull(await store.ReadGridAsync());
        await store.PutAsync(Shared, new Dictionary<string, byte[]> { ["a"] = Bytes("1") });
        Assert.Equal(["a=1"], Of(await store.ReadAsync(Shared)));
        await store.ReadTimeAsync();
        Assert.Equal(0, await store.ReadFullnessAsync());

        var writer = await PartitionWriter.OpenAsync(store, 3);
        await writer.CommitAsync(commit =>
        {
            foreach (var table in (RowTable[])[Heads, Bodies, Tails, Marks]) commit.Put(table, "a", Bytes("1"));
            foreach (var set in (SetName[])[Ranks.Only, Told["x"], Told["y"], Shown["x"], Quiet["x"]]) commit.Put(set, "a", 1);
            for (var i = 1; i <= Count; i++) commit.Append(Lines, $"log{i % 2}", i, $"m{i}");
            commit.Count(Numbers, "n", 1);
        });
        // It names the sets there are, which it only learns from its first call.
        Assert.Equal(["x:1:1", "y:1:1"], Of((await writer.ReopenAsync()).Sets(Told)));
        writer = await PartitionWriter.OpenAsync(store, 3);
        await RemoveAsync(i => i % 100 > 1);
        Assert.Equal(Count / 50, (await writer.ReadLinesAsync()).Length);

        Assert.Equal(["1,1,1"], await writer.ReadRowsAsync("a"));
        Assert.Single(await store.ReadRowsAsync(3, Whole with { ByteBudget = 1 }, ["a"]));
        Assert.Equal(["a:1"], Of(await writer.ReadPageAsync(Told["x"])));
        Assert.Equal(["a:1"], await writer.ReadSetAsync(Ranks.Only));
        Assert.Single(await store.ReadSetAsync(3, Ranks.Only, new(0, 10, 1, Descending: true)));
        Assert.Equal(2, (await store.CountAsync(3, Told, ["x", "none", "y"], 1)).Sum());

        // What was moved out of the logs goes as well, and with it their names.
        await RemoveAsync(i => i % 100 <= 1);
        await writer.CommitAsync(commit =>
        {
            foreach (var table in (RowTable[])[Heads, Bodies, Tails, Marks]) commit.Remove(table, "a");
            foreach (var set in (SetName[])[Ranks.Only, Told["x"], Told["y"], Shown["x"], Quiet["x"]]) commit.Remove(set, "a", 1);
            commit.Count(Numbers, "n", -1);
        });
        Assert.Empty(await writer.ReadLinesAsync());
        Assert.Empty((await writer.ReopenAsync()).Sets(Told));

        await admin.ExecuteAsync("CONFIG", "SET", "maxmemory", "1mb");
        writer = await PartitionWriter.OpenAsync(store, 2);
        Assert.Equal(CommitOutcome.Full, await writer.SendAsync(MayBeRefused));
        await admin.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
        await store.CommitAsync(writer.At(1, MayBeRefused));

        Task RemoveAsync(Func<int, bool> fits) => writer.CommitAsync(commit =>
        {
            for (var i = 1; i <= Count; i++)
            {
                if (fits(i)) commit.Remove(Lines, $"log{i % 2}", i);
            }
        });

        static void MayBeRefused(PartitionCommit commit)
        {
            commit.MayBeRefused = true;
            commit.Put(Heads, "a", Bytes("1"));
        }
    }
}
