using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Tests.Processes;

/// <summary>The silo with nothing configured: its jobs are in a file, and outlive kill -9.</summary>
public sealed class EmbeddedStoreTests : IDisposable
{
    private readonly LoneHost _host = new();

    private string Store => Path.Combine(_host.Folder, "data", "jobs.db");

    private string Backups => Path.Combine(_host.Folder, "backups");

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task WhatWasAccepted_IsThereAfterAKill_AndRuns()
    {
        await StartAsync();
        await _host.SubmitAsync("""{"type":"longtask","id":"future","countdown":6,"args":{"steps":2,"stepMs":10}}""");
        await _host.SubmitAsync("""{"type":"longtask","id":"running","args":{"steps":1000,"stepMs":60}}""");
        await _host.SubmitAsync("""{"type":"longtask","id":"done","args":{"steps":1,"stepMs":1}}""");
        using (await _host.Http.PostAsync(new Uri("/queues/held/pause", UriKind.Relative), null)) await _host.SubmitAsync("""{"type":"longtask","id":"held","queue":"held"}""");
        var done = await _host.UntilAsync("done", job => job.GetProperty("state").GetString() == "SUCCESS");
        await _host.UntilAsync("running", job => job.GetProperty("current").GetInt64() > 2);
        var due = (await _host.JobAsync("future")).GetProperty("dueAt").GetString();
        Assert.Contains("Jobs are kept in the file", await _host.ReadLogAsync());

        await _host.KillAsync();
        await StartAsync();

        Assert.Equal(done.GetProperty("result").GetRawText(), (await _host.JobAsync("done")).GetProperty("result").GetRawText());
        Assert.Equal(due, (await _host.JobAsync("future")).GetProperty("dueAt").GetString());
        var again = await _host.UntilAsync("running", job => job.GetProperty("attempt").GetInt32() == 2 && job.GetProperty("state").GetString() == "PROGRESS");
        Assert.Equal("crashed", again.GetProperty("attempts")[0].GetProperty("outcome").GetString());
        var ran = await _host.UntilAsync("future", job => job.GetProperty("state").GetString() == "SUCCESS");
        Assert.True(ran.GetProperty("startedAt").GetDateTimeOffset() >= DateTimeOffset.Parse(due!, CultureInfo.InvariantCulture));
        Assert.Equal("PENDING", (await _host.JobAsync("held")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task ASecondProcessOnTheSameFile_DoesNotStart_AndSaysWhy()
    {
        await StartAsync();
        var log = Path.Combine(_host.Folder, "second.log");
        using var second = ChildProcess.Start(log, null, "dotnet", LoneHost.Command(new($"http://127.0.0.1:{Ports.Free()}"), Settings));

        Assert.True(await second.WaitForExitAsync(LoneHost.Patience));

        var said = await File.ReadAllTextAsync(log);
        Assert.Contains("Another process keeps its jobs in", said);
        Assert.Contains("jobs.db", said);
        await _host.SubmitAsync("""{"type":"longtask","id":"first","args":{"steps":1,"stepMs":1}}""");
        await _host.UntilAsync("first", job => job.GetProperty("state").GetString() == "SUCCESS");
    }

    /// <summary>What the runbook says: a copy is made while jobs run, and put in the place of the file when no process has it.</summary>
    [Fact]
    public async Task ACopy_IsMadeWhileJobsRun_AndRestored()
    {
        await StartAsync();
        await _host.SubmitAsync("""{"type":"longtask","id":"running","args":{"steps":1000,"stepMs":60}}""");
        await _host.SubmitAsync("""{"type":"longtask","id":"before","countdown":3600}""");
        await _host.UntilAsync("running", job => job.GetProperty("current").GetInt64() > 0);
        using var answer = await _host.Http.PostAsync(new Uri("/store/backup", UriKind.Relative), null);
        var copy = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(answer.IsSuccessStatusCode, copy.GetRawText());
        await _host.SubmitAsync("""{"type":"longtask","id":"after","countdown":3600}""");
        Assert.Equal("sqlite", (await _host.Http.GetFromJsonAsync<JsonElement>(new Uri("/store", UriKind.Relative))).GetProperty("kind").GetString());

        await _host.KillAsync();
        foreach (var end in (string[])["-wal", "-shm"]) File.Delete(Store + end);
        File.Copy(Path.Combine(Backups, copy.GetProperty("name").GetString()!), Store, overwrite: true);
        await StartAsync();

        Assert.Equal("PENDING", (await _host.JobAsync("before")).GetProperty("state").GetString());
        await _host.UntilAsync("running", job => job.GetProperty("attempt").GetInt32() == 2);
        using var gone = await _host.Http.GetAsync(new Uri("/jobs/after", UriKind.Relative));
        Assert.Equal(System.Net.HttpStatusCode.NotFound, gone.StatusCode);
    }

    private string[] Settings => ["--Store:Path", Store, "--Store:BackupFolder", Backups];

    private Task StartAsync() => _host.StartAsync(Settings);
}
