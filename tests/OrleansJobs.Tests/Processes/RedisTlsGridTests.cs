using OrleansJobs.Faults.Processes;
using OrleansJobs.Tests.Connections;
using OrleansJobs.Tests.Infrastructure.Redis;
using OrleansJobs.Tests.Storage.Redis.Rights;
using RedisServer = OrleansJobs.Tests.Infrastructure.Redis.RedisServer;

namespace OrleansJobs.Tests.Processes;

/// <summary>A silo and a gateway that reach Redis by TLS, as the users that docs/OPERATING.md names, told whom to trust as it says.</summary>
public sealed class RedisTlsGridTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("oj-redis-tls-");
    private readonly TestAuthority _authority = new("the authority of Redis");

    [Fact]
    public async Task JobsRun_AndNothingWasDenied()
    {
        await using var redis = await StartRedisAsync();
        using var host = new LoneHost { Environment = Environment() };
        await host.StartAsync("--ConnectionStrings:redis", Connection(redis, DocumentedUsers.Silo));
        await host.SubmitAsync("""{"type":"longtask","id":"now","args":{"steps":3,"stepMs":10}}""");
        await host.SubmitAsync("""{"type":"longtask","id":"later","countdown":2,"args":{"steps":3,"stepMs":10}}""");
        foreach (var id in (string[])["now", "later"]) await host.UntilAsync(id, job => job.GetProperty("state").GetString() == "SUCCESS");

        var address = new Uri($"http://127.0.0.1:{Ports.Free()}");
        using var gateway = ChildProcess.Start(
            Path.Combine(_folder.FullName, "gateway.log"), null, "env",
            [.. Environment(), "dotnet", Path.Combine(AppContext.BaseDirectory, "OrleansJobs.Gateway.dll"), "--Urls", $"{address}", "--ConnectionStrings:redis", Connection(redis, DocumentedUsers.Gateway)]);
        using var http = new HttpClient();
        await Deadlines.UntilAsync("the gateway answers for the silo", LoneHost.Patience, async () =>
        {
            try
            {
                return (await http.GetStringAsync(new Uri(address, "/jobs/now"))).Contains("SUCCESS");
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });

        var said = (await AdminAsync(redis, "ACL", "LOG", "1000")).Split('\n');
        var denied = said.Zip(said.Skip(1)).Where(lines => lines.First == "object").Select(lines => $"command {lines.Second}");
        Assert.Empty(denied.Except(RedisRightsTests.TriedInVain));
    }

    [Fact]
    public async Task ASiloThatDoesNotTrustTheAuthority_WaitsAndSaysWhy()
    {
        await using var redis = await StartRedisAsync();
        using var stranger = new TestAuthority("somebody else's");
        stranger.Issue(Folder("other"), "silo");
        using var host = new LoneHost { Environment = Environment("other") };
        host.Start("--ConnectionStrings:redis", Connection(redis, DocumentedUsers.Silo));
        await Deadlines.UntilAsync("it says that the certificate is not from whom it trusts", LoneHost.Patience, async () =>
            File.Exists(host.Log) && (await host.ReadLogAsync()).Contains("The remote certificate"));
        Assert.Equal("", (await AdminAsync(redis, "KEYS", "*")).Trim());
        await host.KillAsync();
    }

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }

    private string Folder(string name) => Path.Combine(_folder.FullName, name);

    private async Task<RedisServer> StartRedisAsync()
    {
        _authority.Issue(Folder("redis"), "localhost");
        _authority.Issue(Folder("own"), "silo");
        var users = Folder("users.acl");
        await File.WriteAllLinesAsync(users, ["user default off", "user admin on >admin ~* &* +@all", DocumentedUsers.LineOf(DocumentedUsers.Silo), DocumentedUsers.LineOf(DocumentedUsers.Gateway)]);
        return await RedisServer.StartAsync(new() { Certificates = Folder("redis"), More = ["--tls-auth-clients", "yes", "--aclfile", users] });
    }

    /// <summary>The client library reads these.</summary>
    private string[] Environment(string authority = "own") =>
    [
        $"SERedis_IssuerCertPath={Path.Combine(Folder(authority), "ca.crt")}", $"SERedis_ClientCertPemPath={Path.Combine(Folder("own"), "tls.crt")}",
        $"SERedis_ClientCertPasswordPath={Path.Combine(Folder("own"), "tls.key")}",
    ];

    private static string Connection(RedisServer redis, string user) => DocumentedUsers.ConnectionOf(user, $"localhost:{redis.Port},ssl=true,abortConnect=false");

    private Task<string> AdminAsync(RedisServer redis, params string[] command) => RedisCluster.Cli(
    [
        "-p", $"{redis.Port}", "--tls", "--cacert", Path.Combine(Folder("own"), "ca.crt"), "--cert", Path.Combine(Folder("own"), "tls.crt"),
        "--key", Path.Combine(Folder("own"), "tls.key"), "--user", "admin", "--pass", "admin", "--no-auth-warning", .. command,
    ]);
}
