using System.Globalization;

namespace OrleansJobs.Faults.Processes;

/// <summary>A worker outside of the silos, over all its lives, that calls one gateway.</summary>
internal sealed class WorkerProcess(string name, string directory, WorkerProgram program, Uri gateway, int slots) : IDisposable
{
    private ChildProcess? _process;
    private int _life;

    public string Name => name;

    /// <summary>Name and number of the present life, as its marks and the faults done to it carry it.</summary>
    public string Life => string.Create(CultureInfo.InvariantCulture, $"{name}#{_life}");
    public bool IsRunning => _process is { HasExited: false };
    public string Log => Path.Combine(directory, $"{name}.log");
    public string Language => program.Language;

    public void Start()
    {
        _process?.Dispose();
        _life++;
        string[] command = program.CommandOf(new(name, Life, gateway, directory, slots));
        _process = ChildProcess.Start(Log, null, command[0], command[1..]);
    }

    /// <summary>Starts it, and waits until it serves.</summary>
    public Task StartAsync()
    {
        Start();
        return Deadlines.UntilAsync($"{Life} serves", TimeSpan.FromSeconds(60), () =>
        {
            if (!IsRunning) throw new InvalidOperationException($"{Life} has ended: see {Log}.");
            return Task.FromResult(IsServing());
        });
    }

    public void Send(Signal signal) => _process!.Send(signal);

    public void Kill() => _process!.Kill();

    public void Dispose() => _process?.Dispose();

    /// <summary>Its session is open: what its types are is known to the grid.</summary>
    private bool IsServing()
    {
        if (!File.Exists(Log)) return false;
        using var file = new StreamReader(new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return file.ReadToEnd().Contains($"ready {Life}\n", StringComparison.Ordinal);
    }
}
