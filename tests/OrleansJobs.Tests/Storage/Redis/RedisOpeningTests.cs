using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;
using static OrleansJobs.Tests.Storage.TestLayout;
using static OrleansJobs.Tests.Storage.Texts;

namespace OrleansJobs.Tests.Storage.Redis;

/// <summary>An opening that has to name the sets it reads, while an older activation goes on and changes which there are.</summary>
public class RedisOpeningTests(RedisFixture fixture) : IClassFixture<RedisFixture>, IAsyncLifetime
{
    private readonly string _service = $"opening-{Guid.NewGuid():N}";
    private IConnectionMultiplexer _redis = null!;
    private PartitionWriter _older = null!;
    private RedisOpening _opening = null!;
    private int _calls;

    public async Task InitializeAsync()
    {
        _redis = await RedisConnection.ConnectAsync(fixture.Server.ConnectionString);
        _older = await PartitionWriter.OpenAsync(new RedisPartitionStore(_redis, _service, Layout));
        _opening = new(new(_service), Layout);
    }

    public async Task DisposeAsync() => await _redis.DisposeAsync();

    [Fact]
    public async Task WhereThereAreNoSets_ItIsOneCall()
    {
        await OpenAsync(_ => Task.CompletedTask);
        Assert.Equal(1, _calls);
    }

    [Fact]
    public async Task WhereSetsComeAndGoBetweenCalls_ItReadsThoseThereAre()
    {
        await _older.CommitAsync(commit =>
        {
            commit.Put(Told["stays"], "a", 1);
            commit.Put(Told["goes"], "a", 1);
            commit.Put(Shown["stays"], "a", 1);
        });

        var opening = await OpenAsync(call => call != 2 ? Task.CompletedTask : _older.CommitAsync(commit =>
        {
            commit.Remove(Told["goes"], "a", 1);
            commit.Put(Told["comes"], "a", 1);
            commit.Put(Told["stays"], "b", 0);
        }));

        Assert.Equal(3, _calls);
        Assert.Equal(["comes:1:1", "stays:2:0"], Of(opening.Sets(Told)));
        Assert.Equal(["stays:1:1"], Of(opening.Sets(Shown)));
        Assert.True(opening.Generation > _older.Opening.Generation);
        Assert.Equal(CommitOutcome.Fenced, await _older.SendAsync(_ => { }));
    }

    [Fact]
    public async Task WhereTheyChangeBeforeEachCall_ItGivesUpAndHasTakenNothing()
    {
        await Assert.ThrowsAsync<RedisTimeoutException>(() => OpenAsync(call => _older.CommitAsync(commit => commit.Put(Told[$"set{call}"], "a", 1))));

        await _older.CommitAsync(_ => { });
    }

    /// <param name="before">What happens before a call, by its number.</param>
    private Task<PartitionOpening> OpenAsync(Func<int, Task> before) => _opening.OpenAsync(0, ticket: 1, above: 0, async (keys, arguments) =>
    {
        await before(++_calls);
        return await RedisScript.Open.EvaluateAsync(_redis.GetDatabase(), keys, arguments);
    });
}
