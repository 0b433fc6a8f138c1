using OrleansJobs.Storage;
using OrleansJobs.Tests.Infrastructure.Redis;
using StackExchange.Redis;

namespace OrleansJobs.Tests.Storage.Redis.Rights;

/// <summary>The rights in Redis that docs/OPERATING.md names suffice, and none of them could go.</summary>
public class RedisRightsTests(RedisFixture fixture) : IClassFixture<RedisFixture>
{
    /// <summary>What the client tries as it connects, and does without.</summary>
    internal static readonly string[] TriedInVain =
        ["command select", "command subscribe", "command client|id", "command client|setname", "command get", "command cluster|nodes", "command config|get", "command script|load", "command info"];

    /// <summary>Sent now and then, when a connection has been idle; a silo whose client is denied it may not even start.</summary>
    private const string SentNowAndThen = "+ping";

    /// <summary>Where these are denied the client goes on, and changes of the membership are no longer compared with what was read. The first test sees them denied.</summary>
    private static readonly string[] MissedInSilence = ["+watch", "+unwatch"];

    [Theory]
    [InlineData(DocumentedUsers.Silo)]
    [InlineData(DocumentedUsers.Gateway)]
    public async Task WithTheDocumentedRights_EverythingIsDone_AndNothingWasDenied(string user)
    {
        await using var admin = await AdminAsync();
        await GiveAsync(admin, user, DocumentedUsers.RulesOf(user));
        await DoAllAsync(user, admin);
        Assert.Empty((await DeniedAsync(admin, user)).Except(TriedInVain));
    }

    [Theory]
    [InlineData(DocumentedUsers.Silo)]
    [InlineData(DocumentedUsers.Gateway)]
    public async Task WithoutAnyOneOfThem_SomethingFails(string user)
    {
        await using var admin = await AdminAsync();
        var rules = DocumentedUsers.RulesOf(user);
        var wrong = new List<string>();
        foreach (var right in DocumentedUsers.RightsOf(user).Where(right => right != SentNowAndThen))
        {
            await GiveAsync(admin, user, [.. rules.Where(rule => rule != right)]);
            try
            {
                await DoAllAsync(user, admin);
                if (!MissedInSilence.Contains(right) || !(await DeniedAsync(admin, user)).Contains($"command {right[1..]}")) wrong.Add($"Everything is done without {right}.");
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // That it is the right, and nothing else, that was missing.
                var denied = await DeniedAsync(admin, user);
                var isIt = right[0] == '~' ? denied.Any(what => what.StartsWith("key ", StringComparison.Ordinal)) : denied.Contains($"command {right[1..]}");
                if (!isIt) wrong.Add($"Without {right} something else fails: {exception.Message}");
            }
        }

        Assert.Empty(wrong);
    }

    private async Task DoAllAsync(string user, IConnectionMultiplexer admin)
    {
        var connection = DocumentedUsers.ConnectionOf(user, $"{fixture.Server.ConnectionString},connectRetry=1,connectTimeout=1000");
        await admin.GetServers()[0].FlushAllDatabasesAsync();
        if (user == DocumentedUsers.Gateway)
        {
            await OrleansCalls.EachOfAClientAsync(connection);
            return;
        }

        await using var redis = await RedisConnection.ConnectAsync(connection);
        try
        {
            await StoreCalls.EachAsync(new(redis, "orleansjobs", TestLayout.Layout), admin.GetDatabase());
        }
        finally
        {
            await admin.GetDatabase().ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
        }

        await OrleansCalls.EachOfASiloAsync(connection);
    }

    private Task<IConnectionMultiplexer> AdminAsync() => RedisConnection.ConnectAsync($"{fixture.Server.ConnectionString},allowAdmin=true");

    private static async Task GiveAsync(IConnectionMultiplexer admin, string user, string[] rules)
    {
        // As if it had just been made: scripts are not known, and nothing has been denied yet.
        await admin.GetDatabase().ExecuteAsync("SCRIPT", "FLUSH");
        await admin.GetDatabase().ExecuteAsync("ACL", ["SETUSER", user, "reset", .. rules]);
        await admin.GetDatabase().ExecuteAsync("ACL", "LOG", "RESET");
    }

    /// <summary>What the server has denied that user, such as <c>xadd</c> or a key.</summary>
    private static async Task<string[]> DeniedAsync(IConnectionMultiplexer admin, string user)
    {
        var log = (RedisResult[])(await admin.GetDatabase().ExecuteAsync("ACL", "LOG"))!;
        return [.. log.Select(entry => entry.ToDictionary()).Where(entry => entry["username"].ToString() == user).Select(entry => $"{entry["reason"]} {entry["object"]}")];
    }
}
