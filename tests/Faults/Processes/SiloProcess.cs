using System.Globalization;
using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Faults.Processes;

/// <summary>One silo, over all its lives: name and ports stay, the process does not.</summary>
internal sealed class SiloProcess(string name, string directory, string host, string? networkNamespace) : IDisposable
{
    private readonly int _siloPort = Ports.Free();
    private readonly int _gatewayPort = Ports.Free();
    private readonly int _httpPort = Ports.Free();
    private ChildProcess? _process;
    private int _life;

    public string Name => name;

    /// <summary>Name and number of the present life, as its marks and the faults done to it carry it.</summary>
    public string Life => $"{name}#{_life}";

    /// <summary>How often it was started.</summary>
    public int Lives => _life;

    public Uri Address => new($"http://{host}:{_httpPort}");
    public string ProxyEndpoint => $"{host}:{_gatewayPort}";
    public int SiloPort => _siloPort;
    public string Host => host;
    public string? Namespace => networkNamespace;
    public bool IsRunning => _process is { HasExited: false };
    public int? ExitCode => _process is { HasExited: true } ended ? ended.ExitCode : null;
    public string Log => Path.Combine(directory, $"{name}.log");

    /// <summary>What sets its clock, in whatever life: see <see cref="Silos.ClockFile"/>.</summary>
    public string ClockFile => Path.Combine(directory, $"{name}.clock");

    public void Start(SiloSettings settings)
    {
        _process?.Dispose();
        _life++;
        var arguments = new List<string>
        {
            "--Silo:Name", name, "--Silo:Port", Number(_siloPort), "--Silo:GatewayPort", Number(_gatewayPort), "--Silo:Address", host,
            "--Urls", Address.ToString(), "--ConnectionStrings:redis", settings.Redis, "--Store:Path", settings.File ?? "", "--Orleans:ClusterId", settings.Cluster, "--Orleans:ServiceId", settings.Cluster,
            "--Faults:Life", Life, "--Faults:Sink", Path.Combine(directory, $"{Life}.sink"),
            "--Faults:Clock", ClockFile,
        };
        foreach (var (key, value) in settings.More) arguments.AddRange([$"--{key}", value]);
        _process = ChildProcess.Start(Log, networkNamespace, "dotnet", [settings.Driver ?? typeof(SiloProcess).Assembly.Location, "silo", .. arguments]);
    }

    public void Send(Signal signal) => _process!.Send(signal);

    public void Kill() => _process!.Kill();

    public Task<bool> WaitForExitAsync(TimeSpan atMost) => _process!.WaitForExitAsync(atMost);

    public long ReadMemory() => _process?.ReadMemory() ?? 0;

    public void Dispose() => _process?.Dispose();

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What all silos of a scenario share.</summary>
/// <param name="More">Further configuration, such as <c>JobGrid:Slots</c>.</param>
internal sealed record SiloSettings(string Redis, string Cluster, IReadOnlyDictionary<string, string> More)
{
    /// <summary>Another build of this driver, such as another release's; null: this one.</summary>
    public string? Driver { get; init; }

    /// <summary>The file that a silo which stands alone keeps its jobs in; null: they are in Redis.</summary>
    public string? File { get; init; }
}
