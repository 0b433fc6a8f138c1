using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;
using static OrleansJobs.Tests.Storage.Records;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>A Redis whose memory is used up: no new jobs, while those it has can still finish.</summary>
public class RedisFullTests : IAsyncLifetime
{
    private const int SpecBytes = 256 << 10;

    private RedisServer _server = null!;
    private IConnectionMultiplexer _redis = null!;
    private RedisPartitionStore _store = null!;
    private PartitionWriter _writer = null!;
    private PartitionCommit _refused = null!;
    private int _jobs;

    public async Task InitializeAsync()
    {
        _server = await RedisServer.StartAsync(new() { MaxMemory = "8mb" });
        _redis = await RedisConnection.ConnectAsync(_server.ConnectionString);
        _store = new(_redis, "full");
        _writer = await PartitionWriter.OpenAsync(_store);
    }

    public async Task DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task CommitAsync_ThatAddsJobs_IsRefusedWholeAndTakesNoSequence()
    {
        await FillAsync();
        Assert.True(await _store.ReadFullnessAsync() > 0.9);
        Assert.Null(await _writer.ReadAsync(_refused.Jobs[0].Id));

        // The next commit has the refused one's sequence.
        var finish = new PartitionCommit(0, _writer.Opening.Generation, _refused.Sequence) { Outcomes = { new("j0", new byte[SpecBytes], 1) } };
        Assert.Equal(CommitOutcome.Applied, await _store.CommitAsync(finish));
        Assert.Equal(SpecBytes, (await _writer.ReadAsync("j0"))!.Outcome!.Length);
    }

    [Fact]
    public async Task CommitAsync_ThatAddsJobs_IsTakenAgainWhenThereIsRoom()
    {
        await FillAsync();
        var purge = new PartitionCommit(0, _writer.Opening.Generation, _refused.Sequence);
        for (var i = 0; i < _jobs; i++) purge.Purges.Add(new($"j{i}", "q", "t", i + 1, []));
        Assert.Equal(CommitOutcome.Applied, await _store.CommitAsync(purge));

        Assert.Equal(CommitOutcome.Applied, await _store.CommitAsync(new(0, _writer.Opening.Generation, purge.Sequence + 1) { Jobs = { Job("new", 1000) } }));
    }

    [Fact]
    public async Task CommitAsync_SentAgainAfterALostReply_IsNotCalledFull()
    {
        var sent = _writer.Next(commit => commit.Jobs.Add(new("first", new byte[SpecBytes], "q", "t", 1)));
        Assert.Equal(CommitOutcome.Applied, await _store.CommitAsync(sent));
        await _redis.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory", "1mb");
        Assert.True(await _store.ReadFullnessAsync() > 1);

        Assert.Equal(CommitOutcome.Applied, await _store.CommitAsync(sent));
        Assert.Equal(CommitOutcome.Full, await _writer.SendAsync(commit => commit.Jobs.Add(Job("second", 2))));
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
        var ticket = (long)await _redis.GetDatabase().HashGetAsync("oj:{full:0}:meta", "ticket");
        await FillAsync();
        await _redis.GetDatabase().KeyDeleteAsync("oj:{full:0}:jobs");

        var reply = await RedisScript.Add.EvaluateAsync(_redis.GetDatabase(), ["oj:{full:0}"], CommitArguments.Of(_refused, ticket));

        Assert.Equal(1, (long)reply);
        Assert.Equal(CommitOutcome.Applied, await _store.CommitAsync(new(0, _writer.Opening.Generation, _refused.Sequence) { Jobs = { Job("new", 1000) } }));
    }

    [Fact]
    public async Task ASilo_CanStartAndOpenPartitions()
    {
        await FillAsync();

        var grid = await _store.OpenGridAsync(32);
        await _store.PutTypesAsync(new Dictionary<string, byte[]> { ["t"] = Bytes("schema") });
        var opening = await _store.OpenAsync(0);

        Assert.Equal(grid, await _store.ReadGridAsync());
        Assert.Equal("t", Assert.Single(await _store.ReadTypesAsync()).Key);
        Assert.Equal((true, _jobs), (opening.Existed, opening.LastStamp));
    }

    private async Task FillAsync()
    {
        while (true)
        {
            _refused = _writer.Next(commit => commit.Jobs.Add(new($"j{_jobs}", new byte[SpecBytes], "q", "t", _jobs + 1)));
            var outcome = await _store.CommitAsync(_refused);
            if (outcome == CommitOutcome.Full) return;
            Assert.Equal(CommitOutcome.Applied, outcome);
            Assert.InRange(++_jobs, 1, 100);
        }
    }
}
