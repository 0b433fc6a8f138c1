using System.Diagnostics;
using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Infrastructure.Redis;
using OrleansJobs.Tests.Packages;
using Ports = OrleansJobs.Faults.Processes.Ports;

namespace OrleansJobs.Tests.Samples;

/// <summary>A web application that runs as a process of its own, killed by its id at the end.</summary>
internal sealed class SampleProcess : IDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(90);
    private readonly Process _process;
    private readonly List<string> _output = [];

    private SampleProcess(Process process, Uri address)
    {
        _process = process;
        Http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    public HttpClient Http { get; }

    /// <summary>Ports that are free now, for a silo.</summary>
    public static string[] SiloPorts() => [$"--Silo:Port={Ports.Free()}", $"--Silo:GatewayPort={Ports.Free()}"];

    /// <param name="sample">A sample's name, or the path of an assembly.</param>
    public static async Task<SampleProcess> StartAsync(string sample, RedisServer? redis, params string[] more)
    {
        var assembly = Path.IsPathRooted(sample) ? sample : Repository.PathOf($"samples/{sample}/bin/{PackedPackages.Configuration}/net10.0/{sample}.dll");
        var address = new Uri($"http://127.0.0.1:{Ports.Free()}");
        string[] arguments = [assembly, "--urls", address.ToString(), .. redis is null ? [] : new[] { $"--ConnectionStrings:redis={redis.ConnectionString}" }, .. more];
        var start = new ProcessStartInfo("dotnet", arguments)
        {
            // Its settings are beside it.
            WorkingDirectory = Path.GetDirectoryName(assembly), RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment.Remove("ASPNETCORE_URLS");
        var process = new SampleProcess(new Process { StartInfo = start, EnableRaisingEvents = true }, address);
        try
        {
            await process.RunAsync();
            return process;
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        Http.Dispose();
        Kill();
        _process.Dispose();
    }

    private async Task RunAsync()
    {
        var started = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Exited += (_, _) => started.TrySetResult(false);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        if (await started.Task.WaitAsync(StartTimeout)) return;
        lock (_output) throw new InvalidOperationException("The process ended before it had started:\n" + string.Join('\n', _output));

        void Take(string? line)
        {
            if (line is null) return;
            if (!started.Task.IsCompleted) lock (_output) _output.Add(line);
            if (line.Contains("Application started", StringComparison.Ordinal)) started.TrySetResult(true);
        }
    }

    private void OnProcessExit(object? sender, EventArgs e) => Kill();

    private void Kill()
    {
        try
        {
            if (!_process.HasExited) _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It was never started.
        }
    }
}
