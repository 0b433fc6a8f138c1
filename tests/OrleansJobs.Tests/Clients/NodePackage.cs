using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Packages;
using OrleansJobs.Tests.Processes;

namespace OrleansJobs.Tests.Clients;

/// <summary>The Node package as its users get it: packed, unpacked where npm would put it, and a grid to use it with.</summary>
public sealed class NodePackage : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("oj-node-");

    internal LoneHost Host { get; } = new();

    public static string Source => Repository.PathOf("clients/node");

    /// <summary>Where a program that uses the package would be, with its tests as that program.</summary>
    public string Folder => _folder.FullName;

    public string Installed => Path.Combine(Folder, "node_modules", "orleansjobs");

    public async Task InitializeAsync()
    {
        await Command.RunAsync(Folder, "npm", new() { ["HOME"] = Folder }, 0, "pack", "--silent", "--pack-destination", Folder, Source);
        Directory.CreateDirectory(Installed);
        await Command.RunAsync(Folder, "tar", [], 0, "-xzf", Directory.GetFiles(Folder, "orleansjobs-*.tgz").Single(), "-C", Installed, "--strip-components", "1");
        await Command.RunAsync(Source, "cp", [], 0, "-r", Path.Combine(Source, "test"), Folder);
        await File.WriteAllTextAsync(Path.Combine(Folder, "package.json"), """{"type":"module"}""");
        // Tests of what is within find it where they do in the repository.
        File.CreateSymbolicLink(Path.Combine(Folder, "src"), Path.Combine(Installed, "src"));
        // Workers that are killed are to be given up soon.
        await Host.StartAsync("--Store:Path", Path.Combine(Host.Folder, "jobs.db"), "--JobGrid:Outside:Heartbeat", "00:00:01", "--Logging:LogLevel:Default", "Warning");
    }

    public async Task DisposeAsync()
    {
        await Task.Yield();
        Host.Dispose();
        _folder.Delete(recursive: true);
    }

    public Dictionary<string, string> Environment => new()
    {
        ["ORLEANSJOBS_URL"] = Host.Http.BaseAddress!.ToString().TrimEnd('/'),
        ["ORLEANSJOBS_KEY"] = "",
        ["no_proxy"] = "127.0.0.1,localhost",
    };
}
