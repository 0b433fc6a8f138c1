using System.Text;
using System.Text.Json;
using OrleansJobs.Faults.Processes;
using OrleansJobs.Tests.Clients;
using OrleansJobs.Tests.Gateway;
using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Packages;
using OrleansJobs.Tests.Processes;

namespace OrleansJobs.Tests.Samples;

/// <summary>The worker in shell, as a process, against the silo as its users start it.</summary>
public sealed class ShellWorkerTests : IDisposable
{
    private readonly LoneHost _host = new();
    private readonly List<ChildProcess> _workers = [];

    public void Dispose()
    {
        foreach (var worker in _workers)
        {
            worker.Kill();
            worker.Dispose();
        }

        _host.Dispose();
    }

    [Fact]
    public async Task ShellWorker_IsShort() =>
        Assert.InRange((await File.ReadAllLinesAsync(Repository.PathOf("samples/worker-shell/worker"))).Length, 1, 40);

    [Fact]
    public async Task ShellWorker_RunsJobs_FailsThem_StopsThem_AndSaysGoodbye()
    {
        await StartHostAsync("00:00:10");
        var worker = Start("shell", """read args; case "$args" in *fail*) echo "no way" >&2; exit 3;; *sleep*) exec sleep 600;; *) printf '%s' "$args" | jq '{sum: (.a + .b)}';; esac""");
        await SubmitAsync("sum", """{"a":1,"b":2}""");
        var sum = await UntilAsync("sum", job => job.GetProperty("state").GetString() == "SUCCESS");
        Assert.Equal("""{"sum":3}""", sum.GetProperty("result").GetRawText().Replace(" ", "", StringComparison.Ordinal));

        await SubmitAsync("failure", "\"fail\"");
        var failure = await UntilAsync("failure", job => job.GetProperty("state").GetString() == "FAILURE");
        Assert.Equal("no way\n", failure.GetProperty("error").GetProperty("message").GetString());
        Assert.Equal(2, failure.GetProperty("attempt").GetInt32());

        await SubmitAsync("cancelled", "\"sleep\"");
        await UntilAsync("cancelled", job => job.GetProperty("state").GetString() == "PROGRESS");
        using (await _host.Http.PostAsync(new Uri("/jobs/cancelled/cancel", UriKind.Relative), null)) await UntilAsync("cancelled", job => job.GetProperty("state").GetString() == "REVOKED");
        // It was told, and did not merely run out of its grace: it takes the next.
        await SubmitAsync("next", """{"a":2,"b":2}""");
        await UntilAsync("next", job => job.GetProperty("state").GetString() == "SUCCESS");

        worker.Send(Signal.Terminate);
        Assert.True(await worker.WaitForExitAsync(LoneHost.Patience));
        Assert.Equal(0, worker.ExitCode);
        Assert.Contains("has ended", await _host.ReadLogAsync());
    }

    /// <summary>A result is no argument of a program, of which Linux takes 128 KiB; and one that the grid does not take fails its job, and not its worker.</summary>
    [Fact]
    public async Task ShellWorker_ReportsLongResults_AndFailsThoseThatAreTooLong()
    {
        await StartHostAsync("00:00:10");
        var worker = Start("shell", """read size; head -c "$size" /dev/zero | tr '\0' x""");
        await SubmitAsync("long", "200000");
        var end = await UntilAsync("long", job => job.GetProperty("state").GetString() == "SUCCESS");
        Assert.Equal(200_000, end.GetProperty("result").GetString()!.Length);
        await SubmitAsync("too-long", "2000000");
        end = await UntilAsync("too-long", job => job.GetProperty("state").GetString() == "FAILURE");
        Assert.Equal(1, end.GetProperty("attempt").GetInt32());
        await SubmitAsync("next", "3");
        await UntilAsync("next", job => job.GetProperty("state").GetString() == "SUCCESS");
        // Its grid is away, and it is to stop: it does.
        await _host.KillAsync();
        worker.Send(Signal.Terminate);
        Assert.True(await worker.WaitForExitAsync(LoneHost.Patience));
    }

    /// <summary>What anybody's worker is tested with, as far as one that runs a single type can be.</summary>
    [Theory]
    [InlineData("a session that is gone is opened anew")]
    [InlineData("a result that the grid refuses fails its job, and no other")]
    [InlineData("a call that is refused for something else loses no report")]
    public async Task ShellWorker_IsAWorker(string row) => Assert.Contains(
        $"ok      {row}\n",
        await Command.RunAsync(
            _host.Folder, PythonPackage.Python, [], 0, Repository.PathOf("clients/conformance/check.py"), "--only", row, "--", Repository.PathOf("samples/worker-shell/worker"), "echo", "cat"),
        StringComparison.Ordinal);

    [Fact]
    public async Task ShellWorker_KilledAndItsHostKilled_CostsOneRepeatEach()
    {
        await StartHostAsync("00:00:02");
        var first = Start("shell", "exec sleep 20");
        await SubmitAsync("job", "1");
        await UntilAsync("job", job => job.GetProperty("state").GetString() == "PROGRESS");
        first.Kill();
        var begun = Path.Combine(_host.Folder, "begun");
        Start("shell", $"touch {begun}; sleep 15; echo '\"done\"'");
        await UntilAsync("job", job => job.GetProperty("state").GetString() == "PROGRESS" && job.GetProperty("attempt").GetInt32() == 2);
        // That the job is leased is seen before its worker hears of it. Were the answer lost with the gateway, the lease would be handed back.
        await Eventually.IsTrueAsync(() => File.Exists(begun));

        // The process that keeps the session, the gateway and the store dies and comes back: the worker goes on with what is its own.
        await _host.KillAsync();
        await StartHostAsync("00:00:05");

        var end = await UntilAsync("job", job => job.GetProperty("state").GetString() == "SUCCESS");
        Assert.Equal("done", end.GetProperty("result").GetString());
        Assert.Equal(["crashed", "succeeded"], end.GetProperty("attempts").EnumerateArray().Select(attempt => attempt.GetProperty("outcome").GetString()));
    }

    /// <summary>The type is said to be one, as a program does that submits before its worker runs.</summary>
    private async Task StartHostAsync(string heartbeat)
    {
        await _host.StartAsync("--JobGrid:Outside:Heartbeat", heartbeat, "--Store:Path", Path.Combine(_host.Folder, "data", "jobs.db"));
        using var announced = await _host.Http.PutAsync(new Uri("/job-types/shell", UriKind.Relative), new StringContent("{}", Encoding.UTF8, "application/json"));
        Assert.True(announced.IsSuccessStatusCode, await announced.Content.ReadAsStringAsync());
    }

    private async Task<JsonElement> UntilAsync(string id, Func<JsonElement, bool> condition)
    {
        try
        {
            return await _host.UntilAsync(id, condition);
        }
        catch (TimeoutException exception)
        {
            var logs = await Task.WhenAll(Directory.GetFiles(_host.Folder, "worker-*.log").Select(log => File.ReadAllTextAsync(log)));
            var said = (await _host.ReadLogAsync()).Split('\n').Where(line => line.Contains("ession", StringComparison.Ordinal) || line.Contains("artition", StringComparison.Ordinal));
            throw new TimeoutException($"{exception.Message}\n{await _host.JobAsync(id)}\n{string.Join('\n', logs)}\n{string.Join('\n', said)}", exception);
        }
    }

    private Task SubmitAsync(string id, string args) => _host.SubmitAsync($$"""{"type":"shell","id":"{{id}}","args":{{args}},"attempts":2}""");

    private ChildProcess Start(string type, string command)
    {
        var worker = ChildProcess.Start(
            Path.Combine(_host.Folder, $"worker-{_workers.Count}.log"), null, "env", $"ORLEANSJOBS_URL={_host.Http.BaseAddress!.ToString().TrimEnd('/')}",
            Repository.PathOf("samples/worker-shell/worker"), type, "sh", "-c", command);
        _workers.Add(worker);
        return worker;
    }
}
