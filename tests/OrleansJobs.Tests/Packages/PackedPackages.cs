using System.IO.Compression;
using OrleansJobs.Tests.Infrastructure;

namespace OrleansJobs.Tests.Packages;

/// <summary>The packages, packed once from what the solution has built, in a folder of their own and under a version that no cache knows.</summary>
public sealed class PackedPackages : IAsyncLifetime
{
    private static readonly string[] Ids = ["OrleansJobs.Abstractions", "OrleansJobs.Connections", "OrleansJobs.Gateway", "OrleansJobs.Grains", "OrleansJobs.Telemetry", "OrleansJobs.Tool"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("oj-packages-");

    /// <summary>Of this very run: packages of one version are taken from the user's cache, however they have changed since.</summary>
    public string Version { get; } = $"0.1.0-test{TimeProvider.System.GetUtcNow():yyyyMMddHHmmss}";

    /// <summary>The packages are here, and can be had from here as from a feed.</summary>
    public string Feed => Path.Combine(_folder.FullName, "feed");

    /// <summary>Debug or Release: as this test was built.</summary>
    public static string Configuration { get; } = AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Release" : "Debug";

    public string NewFolder(string name) => _folder.CreateSubdirectory(name).FullName;

    public ZipArchive Open(string id, string extension = "nupkg") => ZipFile.OpenRead(Path.Combine(Feed, $"{id}.{Version}.{extension}"));

    public async Task InitializeAsync()
    {
        await Command.DotnetAsync(Repository.Root, "pack", "OrleansJobs.sln", "--no-build", "-c", Configuration, "-o", Feed, $"-p:PackageVersion={Version}", "-v", "quiet");
        Assert.Equal(Ids, Directory.GetFiles(Feed, "*.nupkg").Select(file => Path.GetFileName(file)[..^$".{Version}.nupkg".Length]).Order(StringComparer.Ordinal));
    }

    public Task DisposeAsync()
    {
        _folder.Delete(recursive: true);
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (var id in Ids)
        {
            var copy = Path.Combine(cache, id.ToLowerInvariant(), Version);
            if (Directory.Exists(copy)) Directory.Delete(copy, recursive: true);
        }

        return Task.CompletedTask;
    }
}
