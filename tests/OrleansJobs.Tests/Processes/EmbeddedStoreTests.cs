using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Tests.Processes;

/// <summary>The silo as its users start it, with nothing configured: its jobs are in a file, and outlive kill -9.</summary>
public sealed class EmbeddedStoreTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orleansjobs-embedded-");
    private readonly Uri _address = new($"http://127.0.0.1:{Ports.Free()}");
    private readonly HttpClient _http;
    private ChildProcess? _process;
    private int _lives;

    public EmbeddedStoreTests() => _http = new HttpClient { BaseAddress = _address };

    private string Log => Path.Combine(_folder.FullName, $"host-{_lives}.log");

    public void Dispose()
    {
        _process?.Dispose();
        _http.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task WhatWasAccepted_IsThereAfterAKill_AndRuns()
    {
        await StartAsync();
        await SubmitAsync("""{"type":"longtask","id":"future","countdown":6,"args":{"steps":2,"stepMs":10}}""");
        await SubmitAsync("""{"type":"longtask","id":"running","args":{"steps":1000,"stepMs":60}}""");
        await SubmitAsync("""{"type":"longtask","id":"done","args":{"steps":1,"stepMs":1}}""");
        using (await _http.PostAsync(new Uri("/queues/held/pause", UriKind.Relative), null)) await SubmitAsync("""{"type":"longtask","id":"held","queue":"held"}""");
        var done = await UntilAsync("done", job => job.GetProperty("state").GetString() == "SUCCESS");
        await UntilAsync("running", job => job.GetProperty("current").GetInt64() > 2);
        var due = (await JobAsync("future")).GetProperty("dueAt").GetString();
        Assert.Contains("Jobs are kept in the file", await ReadLogAsync());

        await KillAsync();
        await StartAsync();

        Assert.Equal(done.GetProperty("result").GetRawText(), (await JobAsync("done")).GetProperty("result").GetRawText());
        Assert.Equal(due, (await JobAsync("future")).GetProperty("dueAt").GetString());
        var again = await UntilAsync("running", job => job.GetProperty("attempt").GetInt32() == 2 && job.GetProperty("state").GetString() == "PROGRESS");
        Assert.Equal("crashed", again.GetProperty("attempts")[0].GetProperty("outcome").GetString());
        var ran = await UntilAsync("future", job => job.GetProperty("state").GetString() == "SUCCESS");
        Assert.True(ran.GetProperty("startedAt").GetDateTimeOffset() >= DateTimeOffset.Parse(due!, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal("PENDING", (await JobAsync("held")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task ASecondProcessOnTheSameFile_DoesNotStart_AndSaysWhy()
    {
        await StartAsync();
        var log = Path.Combine(_folder.FullName, "second.log");
        using var second = ChildProcess.Start(log, null, "dotnet", Arguments(new($"http://127.0.0.1:{Ports.Free()}")));

        await Deadlines.UntilAsync("the second process ends", Patience, () => Task.FromResult(second.HasExited));

        var said = await File.ReadAllTextAsync(log);
        Assert.Contains("Another process keeps its jobs in", said);
        Assert.Contains("jobs.db", said);
        await SubmitAsync("""{"type":"longtask","id":"first","args":{"steps":1,"stepMs":1}}""");
        await UntilAsync("first", job => job.GetProperty("state").GetString() == "SUCCESS");
    }

    /// <summary>What the runbook says: a copy is made while jobs run, and put in the place of the file when no process has it.</summary>
    [Fact]
    public async Task ACopy_IsMadeWhileJobsRun_AndRestored()
    {
        await StartAsync();
        await SubmitAsync("""{"type":"longtask","id":"running","args":{"steps":1000,"stepMs":60}}""");
        await SubmitAsync("""{"type":"longtask","id":"before","countdown":3600}""");
        await UntilAsync("running", job => job.GetProperty("current").GetInt64() > 0);
        using var answer = await _http.PostAsync(new Uri("/store/backup", UriKind.Relative), null);
        var copy = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(answer.IsSuccessStatusCode, copy.GetRawText());
        await SubmitAsync("""{"type":"longtask","id":"after","countdown":3600}""");
        Assert.Equal("sqlite", (await _http.GetFromJsonAsync<JsonElement>(new Uri("/store", UriKind.Relative))).GetProperty("kind").GetString());

        await KillAsync();
        foreach (var end in (string[])["-wal", "-shm"]) File.Delete(Store + end);
        File.Copy(Path.Combine(Backups, copy.GetProperty("name").GetString()!), Store, overwrite: true);
        await StartAsync();

        Assert.Equal("PENDING", (await JobAsync("before")).GetProperty("state").GetString());
        await UntilAsync("running", job => job.GetProperty("attempt").GetInt32() == 2);
        using var gone = await _http.GetAsync(new Uri("/jobs/after", UriKind.Relative));
        Assert.Equal(System.Net.HttpStatusCode.NotFound, gone.StatusCode);
    }

    private string Store => Path.Combine(_folder.FullName, "data", "jobs.db");

    private string Backups => Path.Combine(_folder.FullName, "backups");

    private string[] Arguments(Uri address) =>
    [
        Path.Combine(AppContext.BaseDirectory, "OrleansJobs.Silo.dll"), "--Urls", address.ToString(), "--Silo:Port", $"{Ports.Free()}",
        "--Silo:GatewayPort", $"{Ports.Free()}", "--Store:Path", Store, "--Store:BackupFolder", Backups,
    ];

    private async Task StartAsync()
    {
        _lives++;
        _process = ChildProcess.Start(Log, null, "dotnet", Arguments(_address));
        await Deadlines.UntilAsync("the silo is ready", Patience, async () =>
        {
            if (_process.HasExited) throw new InvalidOperationException($"It has ended:\n{await ReadLogAsync()}");
            try
            {
                using var answer = await _http.GetAsync(new Uri("/health/ready", UriKind.Relative));
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
    }

    private Task KillAsync()
    {
        // Disposing kills.
        _process!.Dispose();
        _process = null;
        return Task.CompletedTask;
    }

    private async Task<string> ReadLogAsync()
    {
        await using var file = new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        return await reader.ReadToEndAsync();
    }

    private async Task SubmitAsync(string json)
    {
        using var answer = await _http.PostAsync(new Uri("/jobs", UriKind.Relative), new StringContent(json, Encoding.UTF8, "application/json"));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private Task<JsonElement> JobAsync(string id) => _http.GetFromJsonAsync<JsonElement>(new Uri($"/jobs/{id}", UriKind.Relative));

    private async Task<JsonElement> UntilAsync(string id, Func<JsonElement, bool> condition)
    {
        JsonElement job = default;
        await Deadlines.UntilAsync($"job {id} is so", Patience, async () => condition(job = await JobAsync(id)));
        return job;
    }
}
