using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;
using static OrleansJobs.Tests.Storage.TestLayout;
using static OrleansJobs.Tests.Storage.Texts;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>A Redis whose memory is used up: nothing of what may be refused, while all else still gets through.</summary>
public class RedisFullTests : IAsyncLifetime
{
    private const int RowBytes = 256 << 10;

    private RedisServer _server = null!;
    private IConnectionMultiplexer _redis = null!;
    private RedisPartitionStore _store = null!;
    private PartitionWriter _writer = null!;
    private PartitionCommit _refused = null!;
    private int _rows;

    public async Task InitializeAsync()
    {
        _server = await RedisServer.StartAsync(new() { MaxMemory = "8mb" });
        _redis = await RedisConnection.ConnectAsync(_server.ConnectionString);
        _store = new(_redis, "full", Layout);
        _writer = await PartitionWriter.OpenAsync(_store);
    }

    public async Task DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task CommitAsync_ThatMayBeRefused_IsRefusedWholeAndTakesNoSequence()
    {
        await FillAsync();
        Assert.True(await _store.ReadFullnessAsync() > 0.9);
        Assert.Equal(["none"], await _writer.ReadRowsAsync($"r{_rows}"));
        Assert.Equal(_rows, (await _writer.ReadLinesAsync()).Length);

        // The next commit has the refused one's sequence.
        var follows = _writer.At(_refused.Sequence, commit => commit.Put(Bodies, "r0", new byte[RowBytes]));
        Assert.Equal(CommitOutcome.Applied, await _store.CommitAsync(follows));
        Assert.Equal(RowBytes, (await _store.ReadRowsAsync(0, Whole, ["r0"]))[0][1]!.Length);
    }

    [Fact]
    public async Task CommitAsync_ThatMayBeRefused_IsTakenAgainWhenThereIsRoom()
    {
        await FillAsync();
        var removal = _writer.At(_refused.Sequence, commit =>
        {
            for (var i = 0; i < _rows; i++)
            {
                commit.Remove(Heads, $"r{i}");
                commit.Remove(Lines, "log", i + 1);
            }
        });
        Assert.Equal(CommitOutcome.Applied, await _store.CommitAsync(removal));

        Assert.Equal(CommitOutcome.Applied, await _store.CommitAsync(_writer.At(removal.Sequence + 1, Small)));
    }

    [Fact]
    public async Task CommitAsync_SentAgainAfterALostReply_IsNotCalledFull()
    {
        var sent = _writer.Next(commit => Large(commit, 0));
        Assert.Equal(CommitOutcome.Applied, await _store.CommitAsync(sent));
        await _redis.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory", "1mb");
        Assert.True(await _store.ReadFullnessAsync() > 1);

        Assert.Equal(CommitOutcome.Applied, await _store.CommitAsync(sent));
        Assert.Equal(CommitOutcome.Full, await _writer.SendAsync(Small));
    }

    [Fact]
    public async Task CommitAsync_OfAnOlderActivation_IsFencedAlsoWhenFull()
    {
        await FillAsync();
        await _store.OpenAsync(0);

        Assert.Equal(CommitOutcome.Fenced, await _store.CommitAsync(_refused));
    }

    [Fact]
    public async Task ACopyOfARefusedCommit_ThatArrivesLate_IsFenced()
    {
        var database = _redis.GetDatabase();
        var ticket = (long)await database.HashGetAsync("oj:{full:0}:meta", "ticket");
        await FillAsync();
        await database.KeyDeleteAsync("oj:{full:0}:heads");

        var (keys, arguments) = CommitArguments.Of(_refused, new RedisKeys("full"), ticket);
        var reply = await RedisScript.Add.EvaluateAsync(database, keys, arguments);

        Assert.Equal(1, (long)reply);
        Assert.Equal(CommitOutcome.Applied, await _store.CommitAsync(_writer.At(_refused.Sequence, Small)));
    }

    [Fact]
    public async Task TheGridAndPartitions_CanBeOpened()
    {
        await FillAsync();

        var grid = await _store.OpenGridAsync(32);
        await _store.PutAsync(Shared, new Dictionary<string, byte[]> { ["a"] = Bytes("row") });
        var opening = await _store.OpenAsync(0);

        Assert.Equal(grid, await _store.ReadGridAsync());
        Assert.Equal(["a=row"], Of(await _store.ReadAsync(Shared)));
        Assert.Equal((true, _rows), (opening.Existed, opening.LastStamp));
    }

    private async Task FillAsync()
    {
        while (true)
        {
            _refused = _writer.Next(commit => Large(commit, _rows));
            var outcome = await _store.CommitAsync(_refused);
            if (outcome == CommitOutcome.Full) return;
            Assert.Equal(CommitOutcome.Applied, outcome);
            Assert.InRange(++_rows, 1, 100);
        }
    }

    private static void Large(PartitionCommit commit, int row)
    {
        commit.MayBeRefused = true;
        commit.Put(Heads, $"r{row}", new byte[RowBytes]);
        commit.Append(Lines, "log", row + 1, $"r{row}");
    }

    private static void Small(PartitionCommit commit)
    {
        commit.MayBeRefused = true;
        commit.Put(Heads, "small", []);
        commit.Append(Lines, "log", 1000, "small");
    }
}
