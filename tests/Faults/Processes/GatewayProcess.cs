namespace OrleansJobs.Faults.Processes;

/// <summary>A gateway without a silo: an Orleans client with the HTTP routes. It may be killed and started again on its port.</summary>
internal sealed class GatewayProcess(string name, string directory) : IDisposable
{
    private readonly int _port = Ports.Free();
    private ChildProcess? _process;

    public string Name => name;
    public Uri Address => new($"http://127.0.0.1:{_port}");
    public bool IsRunning => _process is { HasExited: false };

    public void Start(SiloSettings settings)
    {
        _process?.Dispose();
        var arguments = new List<string>
        {
            "--Silo:Name", name, "--Urls", Address.ToString(), "--ConnectionStrings:redis", settings.Redis,
            "--Orleans:ClusterId", settings.Cluster, "--Orleans:ServiceId", settings.Cluster,
        };
        foreach (var (key, value) in settings.More) arguments.AddRange([$"--{key}", value]);
        _process = ChildProcess.Start(Path.Combine(directory, $"{name}.log"), null, "dotnet", [typeof(GatewayProcess).Assembly.Location, "gateway", .. arguments]);
    }

    public void Kill() => _process!.Kill();

    public void Dispose() => _process?.Dispose();
}
