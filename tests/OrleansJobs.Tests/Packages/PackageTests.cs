using System.Text;
using System.Xml.Linq;
using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Infrastructure.Redis;
using OrleansJobs.Tests.Samples;

namespace OrleansJobs.Tests.Packages;

public sealed class PackageTests(PackedPackages packages) : IClassFixture<PackedPackages>
{
    [Theory]
    [InlineData("OrleansJobs.Abstractions")]
    [InlineData("OrleansJobs.Grains")]
    [InlineData("OrleansJobs.Gateway")]
    [InlineData("OrleansJobs.Telemetry")]
    [InlineData("OrleansJobs.Connections")]
    public void Library_ComesWithReadmeDocumentationAndSymbols(string id)
    {
        using var package = packages.Open(id);
        using var symbols = packages.Open(id, "snupkg");
        var files = package.Entries.Select(entry => entry.FullName).ToArray();
        Assert.Contains("README.md", files);
        Assert.Contains($"lib/net10.0/{id}.dll", files);
        Assert.Contains($"lib/net10.0/{id}.xml", files);
        Assert.Contains($"lib/net10.0/{id}.pdb", symbols.Entries.Select(entry => entry.FullName));
        var about = Metadata(id);
        Assert.Equal("README.md", Value(about, "readme"));
        Assert.Equal("MIT", Value(about, "license"));
        Assert.NotEmpty(Value(about, "description"));
        Assert.Contains("OrleansJobs", Value(about, "copyright"), StringComparison.Ordinal);
        Assert.Contains("CHANGELOG.md", Value(about, "releaseNotes"), StringComparison.Ordinal);
        Assert.Contains("LICENSE", files);
        Assert.Contains("CHANGELOG.md", files);
    }

    // Central pinning makes the versions of what the Orleans SDK itself brings dependencies too.
    [Fact]
    public void Abstractions_DependOnTheOrleansSdkAndWhatItBrings()
    {
        var dependencies = Dependencies("OrleansJobs.Abstractions");
        Assert.Contains("Microsoft.Orleans.Sdk", dependencies);
        Assert.All(dependencies, id => Assert.True(id == "Microsoft.Orleans.Sdk" || id.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal), id));
    }

    [Fact]
    public void Gateway_DoesNotDependOnGrains()
    {
        Assert.Contains("OrleansJobs.Abstractions", Dependencies("OrleansJobs.Gateway"));
        Assert.DoesNotContain("OrleansJobs.Grains", Dependencies("OrleansJobs.Gateway"));
    }

    [Theory]
    [InlineData("OrleansJobs.Abstractions", "nupkg")]
    [InlineData("OrleansJobs.Abstractions", "snupkg")]
    [InlineData("OrleansJobs.Grains", "nupkg")]
    [InlineData("OrleansJobs.Grains", "snupkg")]
    [InlineData("OrleansJobs.Gateway", "nupkg")]
    [InlineData("OrleansJobs.Gateway", "snupkg")]
    [InlineData("OrleansJobs.Telemetry", "nupkg")]
    [InlineData("OrleansJobs.Telemetry", "snupkg")]
    [InlineData("OrleansJobs.Connections", "nupkg")]
    [InlineData("OrleansJobs.Connections", "snupkg")]
    [InlineData("OrleansJobs.Tool", "nupkg")]
    public void Package_DoesNotTellWhereItWasBuilt(string id, string extension)
    {
        string[] paths = [Repository.Root, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + "/"];
        using var package = packages.Open(id, extension);
        // Others' libraries in the tool's package are as their authors built them.
        var ours = package.Entries.Where(entry => Path.GetExtension(entry.Name) is not (".dll" or ".pdb") || entry.Name.StartsWith("orleansjobs", StringComparison.OrdinalIgnoreCase)).ToArray();
        Assert.NotEmpty(ours);
        foreach (var entry in ours)
        {
            using var content = new MemoryStream();
            using (var stream = entry.Open()) stream.CopyTo(content);
            foreach (var path in paths)
            {
                Assert.True(content.ToArray().AsSpan().IndexOf(Encoding.UTF8.GetBytes(path)) < 0, $"{entry.FullName} contains {path}");
                Assert.True(content.ToArray().AsSpan().IndexOf(Encoding.Unicode.GetBytes(path)) < 0, $"{entry.FullName} contains {path}");
            }
        }
    }

    [Fact]
    public async Task Tool_InstallsAndRuns()
    {
        var folder = packages.NewFolder("tool");
        File.WriteAllText(Path.Combine(folder, "nuget.config"), $"""<configuration><packageSources><clear /><add key="here" value="{packages.Feed}" /></packageSources></configuration>""");
        await Command.DotnetAsync(folder, "tool", "install", "OrleansJobs.Tool", "--tool-path", folder, "--version", packages.Version);
        var environment = new Dictionary<string, string> { ["DOTNET_ROOT"] = Path.GetDirectoryName(Environment.ProcessPath)! };
        Assert.Contains("submit <type>", await Command.RunAsync(folder, Path.Combine(folder, "orleansjobs"), environment, 0, "--help"), StringComparison.Ordinal);
        Assert.Contains("cannot be reached", await Command.RunAsync(folder, Path.Combine(folder, "orleansjobs"), environment, 6, "stats", "--url", "http://127.0.0.1:9"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OrderService_BuiltAgainstThePackage_SubmitsAwaitsAndWatchesFromAProcessOfItsOwn()
    {
        var folder = packages.NewFolder("order-service");
        CopyTo(folder, Directory.GetFiles(Repository.PathOf("samples/OrderService")));
        CopyTo(folder, [Repository.PathOf("Directory.Packages.props"), Repository.PathOf("Directory.Build.props"), Repository.PathOf("BannedSymbols.txt")]);
        await Command.DotnetAsync(folder, "build", "-o", "out", "-v", "quiet", $"-p:OrleansJobsVersion={packages.Version}", $"-p:RestoreAdditionalProjectSources={packages.Feed}");
        Assert.DoesNotContain(Directory.GetFiles(Path.Combine(folder, "out"), "OrleansJobs.*.dll"), file => !file.EndsWith("OrleansJobs.Abstractions.dll", StringComparison.Ordinal));

        await using var redis = await RedisServer.StartAsync();
        using var host = await SampleProcess.StartAsync("HandlerHost", redis, SampleProcess.SiloPorts());
        using var service = await SampleProcess.StartAsync(Path.Combine(folder, "out", "OrderService.dll"), redis);
        await OrderStory.RunAsync(service.Http);
    }

    private string[] Dependencies(string id) =>
        [.. Metadata(id).Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value)];

    private XElement Metadata(string id)
    {
        using var package = packages.Open(id);
        using var nuspec = package.GetEntry(id + ".nuspec")!.Open();
        return XDocument.Load(nuspec).Root!.Elements().First();
    }

    private static string Value(XElement metadata, string name) => metadata.Elements().Single(element => element.Name.LocalName == name).Value;

    private static void CopyTo(string folder, string[] files) => Array.ForEach(files, file => File.Copy(file, Path.Combine(folder, Path.GetFileName(file))));
}
