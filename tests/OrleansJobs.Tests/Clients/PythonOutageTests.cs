using System.Text.Json;
using OrleansJobs.Faults.Processes;
using OrleansJobs.Tests.Processes;

namespace OrleansJobs.Tests.Clients;

/// <summary>A Python worker and a grid that is killed and comes back: what the worker runs stays its own.</summary>
public sealed class PythonOutageTests(PythonPackage package) : IClassFixture<PythonPackage>
{
    [Fact]
    public async Task Worker_GoesOnThroughAKillOfTheWholeGrid()
    {
        using var grid = new LoneHost();
        await PythonPackage.StartAsync(grid);
        var log = Path.Combine(grid.Folder, "worker.log");
        var environment = package.Environment;
        environment["ORLEANSJOBS_URL"] = grid.Http.BaseAddress!.ToString();
        environment["HANDLER_PREFIX"] = "outage";
        environment["HANDLER_FOLDER"] = grid.Folder;
        environment["PYTHONPATH"] += $":{PythonPackage.Source}";
        string[] program = [PythonPackage.Python, "-m", "orleansjobs", "worker", "tests.handlers:worker", "--threads", "2"];
        using var worker = ChildProcess.Start(log, null, "env", [.. environment.Select(pair => $"{pair.Key}={pair.Value}"), .. program]);
        await Deadlines.UntilAsync("the worker serves", LoneHost.Patience, async () => (await ReadAsync(log)).Contains("Serving", StringComparison.Ordinal));
        await grid.SubmitAsync("""{"type":"outage.marks","id":"kept","args":{"wait":"go"}}""");
        await grid.UntilAsync("kept", job => job.GetProperty("status").GetString() == "run 1");

        await grid.KillAsync();
        await File.WriteAllTextAsync(Path.Combine(grid.Folder, "go"), "");
        await PythonPackage.StartAsync(grid);

        var job = await grid.UntilAsync("kept", job => job.GetProperty("state").GetString() is "SUCCESS" or "FAILURE");
        Assert.Equal(JsonValueKind.Number, job.GetProperty("result").ValueKind);
        Assert.Equal(1, job.GetProperty("result").GetInt32());
        Assert.Single(await File.ReadAllLinesAsync(Path.Combine(grid.Folder, "marks")));
        await grid.SubmitAsync("""{"type":"outage.echo","id":"after","args":{"still":"here"}}""");
        await grid.UntilAsync("after", job => job.GetProperty("state").GetString() == "SUCCESS");
    }

    private static async Task<string> ReadAsync(string path)
    {
        // The worker makes it with its first line.
        if (!File.Exists(path)) return "";
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        return await reader.ReadToEndAsync();
    }
}
