using System.Globalization;

namespace OrleansJobs.Faults.Processes;

/// <summary>A worker outside of the silos, over all its lives: a program of the Python package that calls one gateway.</summary>
internal sealed class WorkerProcess(string name, string directory, Uri gateway, int slots) : IDisposable
{
    /// <summary>The package is beside it.</summary>
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "Workers", "python", "worker.py");

    private ChildProcess? _process;
    private int _life;

    public string Name => name;

    /// <summary>Name and number of the present life, as its marks and the faults done to it carry it.</summary>
    public string Life => string.Create(CultureInfo.InvariantCulture, $"{name}#{_life}");
    public bool IsRunning => _process is { HasExited: false };
    public string Log => Path.Combine(directory, $"{name}.log");

    public void Start()
    {
        _process?.Dispose();
        _life++;
        _process = ChildProcess.Start(
            Log, null, "python3", "-B", Program, "--url", gateway.ToString(), "--name", name, "--life", Life, "--sink", Path.Combine(directory, $"{Life}.sink"),
            "--slots", slots.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Its session is open: what its types are is known to the grid.</summary>
    public bool IsServing()
    {
        if (!File.Exists(Log)) return false;
        using var file = new StreamReader(new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return file.ReadToEnd().Contains($"ready {Life}\n", StringComparison.Ordinal);
    }

    public void Send(Signal signal) => _process!.Send(signal);

    public void Kill() => _process!.Kill();

    public void Dispose() => _process?.Dispose();
}
