using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Packages;
using OrleansJobs.Tests.Processes;

namespace OrleansJobs.Tests.Clients;

/// <summary>The Python package as its users get it: a wheel, built and installed without a network, and a grid to use it with.</summary>
public sealed class PythonPackage : IAsyncLifetime
{
    /// <summary>Debian's own: it has the packages that the tests need, whatever other Python comes first in the path.</summary>
    public const string Python = "/usr/bin/python3";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("oj-python-");

    internal LoneHost Host { get; } = new();

    public static string Source => Repository.PathOf("clients/python");

    public string Installed => Path.Combine(_folder.FullName, "installed");

    public string Wheel => Directory.GetFiles(Path.Combine(_folder.FullName, "wheels"), "*.whl").Single();

    public async Task InitializeAsync()
    {
        // Building leaves files beside the source.
        var copy = Path.Combine(_folder.FullName, "source");
        await Command.RunAsync(Source, "cp", [], 0, "-r", Source, copy);
        await PipAsync("wheel", "--no-index", "--no-deps", "--no-build-isolation", "--wheel-dir", Path.Combine(_folder.FullName, "wheels"), copy);
        await PipAsync("install", "--no-index", "--no-deps", "--target", Installed, Wheel);
        // Workers that are killed are to be given up soon.
        await StartAsync(Host, "--JobGrid:Outside:Heartbeat", "00:00:01", "--Logging:LogLevel:Default", "Warning");
    }

    /// <summary>With a file of its own, which is there again when it is started again.</summary>
    internal static Task StartAsync(LoneHost host, params string[] settings) => host.StartAsync(["--Store:Path", Path.Combine(host.Folder, "jobs.db"), .. settings]);

    public async Task DisposeAsync()
    {
        await Task.Yield();
        Host.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>Runs Python with the package as it was installed, in the folder of its tests.</summary>
    public Task<string> RunAsync(int exitCode, params string[] arguments) => Command.RunAsync(Source, Python, Environment, exitCode, arguments);

    public Dictionary<string, string> Environment => new()
    {
        ["PYTHONPATH"] = Installed,
        ["PYTHONDONTWRITEBYTECODE"] = "1",
        ["ORLEANSJOBS_URL"] = Host.Http.BaseAddress!.ToString().TrimEnd('/'),
        ["ORLEANSJOBS_KEY"] = "",
        ["no_proxy"] = "127.0.0.1,localhost",
    };

    private Task<string> PipAsync(params string[] arguments) => Command.RunAsync(
        _folder.FullName, Python, new() { ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1", ["HOME"] = _folder.FullName }, 0, ["-m", "pip", "--quiet", .. arguments]);
}
