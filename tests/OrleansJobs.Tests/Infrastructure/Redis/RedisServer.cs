using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace OrleansJobs.Tests.Infrastructure.Redis;

/// <summary>
/// A real redis-server of a test's own: on a free port, in a temporary directory, killed by its process id at the end. It can be killed,
/// restarted on the same port with the same directory, and paused.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    private const int Attempts = 5;
    private const int SigStop = 19;
    private const int SigCont = 18;
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    private readonly RedisServerOptions _options;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("oj-redis-");
    private Process? _process;

    private RedisServer(RedisServerOptions options)
    {
        _options = options;

        // A test run that is stopped half-way disposes of nothing.
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    public int Port { get; private set; }

    public string DataDirectory => _directory.FullName;

    /// <summary>For <c>ConnectionStrings:redis</c>.</summary>
    public string ConnectionString => $"127.0.0.1:{Port}";

    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("The server is not running.");

    /// <summary>Starts a server and waits until it takes connections.</summary>
    public static async Task<RedisServer> StartAsync(RedisServerOptions? options = null)
    {
        var server = new RedisServer(options ?? new());
        try
        {
            // Between finding a free port and binding it, another process may take it.
            for (var attempt = 1; ; attempt++)
            {
                server.Port = FreePort();
                if (await server.TryRunAsync() is not { } failure) return server;
                if (attempt == Attempts) throw new InvalidOperationException($"redis-server did not start:\n{failure}");
            }
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>kill -9: what is not on disk is gone.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process) return;
        _process = null;
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    /// <summary>Starts it again after <see cref="KillAsync"/>, on the same port and directory.</summary>
    public async Task RestartAsync()
    {
        await KillAsync();
        if (await TryRunAsync() is { } failure) throw new InvalidOperationException($"redis-server did not start again on port {Port}:\n{failure}");
    }

    /// <summary>Stops the process where it stands: connections stay open, and nothing is answered.</summary>
    public void Pause() => Signal(SigStop);

    /// <summary>Lets it go on after <see cref="Pause"/>.</summary>
    public void Resume() => Signal(SigCont);

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        await KillAsync();
        _directory.Delete(recursive: true);
    }

    /// <summary>Null once it is ready; otherwise what it wrote before it ended.</summary>
    private async Task<string?> TryRunAsync()
    {
        var start = new ProcessStartInfo("redis-server") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in Arguments()) start.ArgumentList.Add(argument);

        var ready = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var output = new List<string>();
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.Exited += (_, _) => ready.TrySetResult(false);
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException("This test needs a real Redis: install redis-server (Debian, Ubuntu: apt-get install redis-server).", e);
        }

        _process = process;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (await ready.Task.WaitAsync(StartTimeout)) return null;

        await KillAsync();
        lock (output) return string.Join('\n', output);

        void Take(string? line)
        {
            if (line is null) return;

            // After the start nobody reads it any more, and a long run would pile it up.
            if (!ready.Task.IsCompleted) lock (output) output.Add(line);
            if (line.Contains("Ready to accept connections")) ready.TrySetResult(true);
        }
    }

    private List<string> Arguments()
    {
        List<string> arguments =
        [
            "--bind", "127.0.0.1", "--dir", DataDirectory, "--save", "", "--daemonize", "no",
            "--appendonly", _options.AppendOnly ? "yes" : "no", "--appendfsync", _options.AppendFsync, "--maxmemory-policy", _options.MaxMemoryPolicy,
        ];
        if (_options.Certificates is not { } folder)
        {
            arguments.AddRange(["--port", $"{Port}"]);
        }
        else
        {
            arguments.AddRange([
                "--port", "0", "--tls-port", $"{Port}", "--tls-cert-file", Path.Combine(folder, "tls.crt"), "--tls-key-file", Path.Combine(folder, "tls.key"),
                "--tls-ca-cert-file", Path.Combine(folder, "ca.crt"),
            ]);
        }

        if (_options.MaxMemory is { } limit) arguments.AddRange(["--maxmemory", limit]);
        arguments.AddRange(_options.More);
        return arguments;
    }

    private void OnProcessExit(object? sender, EventArgs e) => _process?.Kill();

    private void Signal(int signal)
    {
        if (SendSignal(ProcessId, signal) != 0) throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SendSignal(int process, int signal);
}
