using System.Collections.Concurrent;
using System.Diagnostics;

namespace OrleansJobs.Faults.Processes;

/// <summary>
/// A process that the driver started. Its output goes to a file by itself, not through the driver. When the driver goes, however it goes,
/// so does the child: the driver kills what is left, and silos and gateways end when their standard input does.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly ConcurrentDictionary<ChildProcess, bool> Alive = [];
    private readonly Process _process;

    static ChildProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) => KillAll();

    private ChildProcess(Process process)
    {
        _process = process;
        Alive[this] = true;
    }

    public int Id => _process.Id;
    public bool HasExited => _process.HasExited;

    /// <summary>Only after it has exited; 128 + n where signal n ended it.</summary>
    public int ExitCode => _process.ExitCode;

    public static ChildProcess Start(string log, string? networkNamespace, string file, params IEnumerable<string> arguments)
    {
        // The shell, setsid and ip replace themselves by what they start, so that the id is that of the process itself. Each has a session of its
        // own: when the driver's shell goes, the kernel wakes whatever is stopped in a session that has lost its leader.
        var start = new ProcessStartInfo("/bin/sh") { UseShellExecute = false, RedirectStandardInput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("log=$1; shift; exec setsid \"$@\" >>\"$log\" 2>&1");
        start.ArgumentList.Add("sh");
        start.ArgumentList.Add(log);
        string[] prefix = networkNamespace is null ? [] : ["ip", "netns", "exec", networkNamespace];
        foreach (var argument in prefix.Append(file).Concat(arguments)) start.ArgumentList.Add(argument);
        // Children say what they mean on their own command line; what the shell around the driver has set is not theirs.
        start.Environment.Remove("ASPNETCORE_URLS");
        start.Environment["DOTNET_gcServer"] = "0";
        start.Environment["DOTNET_TieredPGO"] = "0";
        return new ChildProcess(Process.Start(start) ?? throw new InvalidOperationException($"{file} did not start."));
    }

    public void Send(Signal signal)
    {
        if (!HasExited) Signals.Send(Id, signal);
    }

    /// <returns>False where it still runs after so long.</returns>
    public async Task<bool> WaitForExitAsync(TimeSpan atMost)
    {
        using var deadline = new CancellationTokenSource(atMost, TimeProvider.System);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    public void Kill()
    {
        Send(Signal.Kill);
        _process.WaitForExit(TimeSpan.FromSeconds(10));
    }

    /// <summary>Resident memory in bytes; 0 where it is gone.</summary>
    public long ReadMemory()
    {
        _process.Refresh();
        return HasExited ? 0 : _process.WorkingSet64;
    }

    public void Dispose()
    {
        Kill();
        Alive.TryRemove(this, out _);
        _process.Dispose();
    }

    private static void KillAll()
    {
        foreach (var child in Alive.Keys) child.Send(Signal.Kill);
    }
}
