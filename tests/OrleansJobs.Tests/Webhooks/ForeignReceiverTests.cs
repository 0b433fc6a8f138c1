using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using OrleansJobs.Tests.Gateway;
using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Packages;

namespace OrleansJobs.Tests.Webhooks;

/// <summary>
/// Receivers that check signatures with the library of the standard's own project, and with nothing of ours. Needs node and npm's registry; leave it out with
/// <c>--filter Category!=Npm</c>.
/// </summary>
public sealed class ForeignReceiverTests : IAsyncLifetime
{
    private const string Job = """{"type":"longtask","args":{"steps":2,"stepMs":5},"tags":{"customer":"\u00e4\u4e2d \"7\""},"notify":[""";

    private readonly GridHost _host = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("oj-receiver-");

    public async Task InitializeAsync()
    {
        foreach (var file in (string[])["package.json", "receiver.mjs"]) File.Copy(Repository.PathOf($"tests/OrleansJobs.Tests/Webhooks/Verifier/{file}"), Path.Combine(_folder.FullName, file));
        await Command.RunAsync(_folder.FullName, "npm", [], 0, "install", "--no-audit", "--no-fund", "--no-package-lock");
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    [Trait("Category", "Npm")]
    public async Task Calls_AreVerified_ByEitherOfTwoSecrets_AndByNoOther()
    {
        string[] secrets = [.. Enumerable.Range(0, 3).Select(_ => "whsec_" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(24)))];
        await _host.StartAsync(new()
        {
            ["JobGrid:Http:Hosts:0"] = "http://127.0.0.1:*", ["JobGrid:Http:AllowNetworks:0"] = "127.0.0.0/8",
            // As while a secret is replaced.
            ["JobGrid:Webhooks:Secrets:0"] = secrets[0], ["JobGrid:Webhooks:Secrets:1"] = secrets[1],
        });
        await using var before = await ForeignReceiver.StartAsync(_folder.FullName, secrets[0]);
        await using var after = await ForeignReceiver.StartAsync(_folder.FullName, secrets[1]);
        await using var other = await ForeignReceiver.StartAsync(_folder.FullName, secrets[2]);

        using var accepted = await _host.Http.PostJsonAsync("/jobs", $"{Job}{string.Join(',', ((ForeignReceiver[])[before, after, other]).Select(receiver => $"\"{receiver.Address}/hook\""))}]}}");

        var id = (await accepted.JsonAsync()).Text("id");
        foreach (var receiver in (ForeignReceiver[])[before, after])
        {
            var said = await receiver.NextAsync();
            Assert.True(said.TryGetProperty("verified", out var verified), said.GetRawText());
            var data = verified.GetProperty("data");
            Assert.Equal(("job.succeeded", id, "SUCCESS", "ä中 \"7\""), (verified.Text("type"), data.Text("id"), data.Text("state"), data.GetProperty("tags").Text("customer")));
            Assert.Equal(["body", "id", "old", "time"], said.GetProperty("changed").EnumerateObject().Select(change => change.Name).Order(StringComparer.Ordinal));
        }

        Assert.Equal("No matching signature found", (await other.NextAsync()).Text("refused"));
    }

    private sealed class ForeignReceiver : IAsyncDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
        private readonly Process _process;

        private ForeignReceiver(Process process) => _process = process;

        public string Address { get; private set; } = "";

        public static async Task<ForeignReceiver> StartAsync(string folder, string secret)
        {
            var start = new ProcessStartInfo("node", ["receiver.mjs", secret]) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true };
            var receiver = new ForeignReceiver(Process.Start(start)!);
            receiver.Address = (await receiver.NextAsync()).Text("address");
            return receiver;
        }

        /// <summary>What it says of the next call.</summary>
        public async Task<JsonElement> NextAsync() =>
            JsonElement.Parse(await _process.StandardOutput.ReadLineAsync().WaitAsync(Patience) ?? throw new InvalidOperationException("The receiver has ended."));

        public async ValueTask DisposeAsync()
        {
            _process.StandardInput.Close();
            await _process.WaitForExitAsync().WaitAsync(Patience);
            _process.Dispose();
        }
    }
}
