using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobs.Bench.Processes;

/// <summary>A process that does what it is told, one JSON line at a time: see bench/peers/README.md.</summary>
internal sealed class Agent : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly string _name;
    private readonly SemaphoreSlim _turn = new(1);

    private Agent(Process process, string name)
    {
        _process = process;
        _name = name;
    }

    public int ProcessId => _process.Id;

    /// <summary>What it wrote first: ready, and whatever else there is to know of it.</summary>
    public JsonElement Hello { get; private set; }

    public static async Task<Agent> StartAsync(string name, ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start.");
        var agent = new Agent(process, name);
        agent.Hello = await agent.ReadAsync().WaitAsync(StartTime);
        return agent;
    }

    /// <summary>Has it do something, and waits until it is done.</summary>
    public async Task<JsonElement> AskAsync(string op, JsonObject? settings = null)
    {
        settings ??= [];
        settings["op"] = op;
        await _turn.WaitAsync();
        try
        {
            await _process.StandardInput.WriteLineAsync(settings.ToJsonString());
            await _process.StandardInput.FlushAsync();
            return await ReadAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>kill -9.</summary>
    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            try
            {
                await _process.WaitForExitAsync().WaitAsync(StopTime);
            }
            catch (TimeoutException)
            {
                _process.Kill();
            }
        }

        _process.Dispose();
    }

    private async Task<JsonElement> ReadAsync()
    {
        var line = await _process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException($"The {_name} agent has ended.");
        var answer = JsonDocument.Parse(line).RootElement;
        return answer.TryGetProperty("error", out var error) ? throw new InvalidOperationException($"The {_name} agent says: {error}") : answer;
    }
}
