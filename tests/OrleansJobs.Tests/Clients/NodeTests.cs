using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Packages;

namespace OrleansJobs.Tests.Clients;

/// <summary>The Node package's own tests, against a silo that runs as a process, and what can be said of the package itself.</summary>
public sealed partial class NodeTests(NodePackage package) : IClassFixture<NodePackage>
{
    public static TheoryData<string> Modules =>
        [.. Directory.GetFiles(Path.Combine(NodePackage.Source, "test"), "*.test.js").Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Modules))]
    public async Task ItsTests_Pass(string module)
    {
        var output = await Command.RunAsync(package.Folder, "node", package.Environment, 0, "--test", "--test-reporter", "tap", $"test/{module}");
        Assert.True(int.Parse(Passed().Match(output).Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) > 1, output);
        Assert.Contains("# skipped 0", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ItsWorker_IsAWorker_ByTheConformanceTest()
    {
        // Where a program that uses the package would be.
        var program = Path.Combine(package.Folder, "conforming.mjs");
        File.Copy(Repository.PathOf("clients/conformance/workers/node.mjs"), program);
        var output = await Command.RunAsync(package.Folder, PythonPackage.Python, package.Environment, 0, Repository.PathOf("clients/conformance/check.py"), "--", "node", program);
        Assert.Contains("20 of 20 rows hold.", output, StringComparison.Ordinal);
    }

    [Fact]
    public void ThereAreTests() => Assert.True(Modules.Count >= 3, $"{Modules.Count} modules of tests");

    [Fact]
    public async Task Types_AreSound() => await Command.RunAsync(
        package.Folder, "tsc", [], 0, "--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom", "--module", "node16", "--moduleResolution", "node16", "test/types.mts");

    [Fact]
    public async Task Package_HasNoDependencies_AndNothingButItsSource()
    {
        using var said = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(package.Installed, "package.json")));
        Assert.False(said.RootElement.TryGetProperty("dependencies", out _));
        Assert.Equal(XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants("Version").Single().Value, said.RootElement.GetProperty("version").GetString());
        Assert.All(
            Directory.GetFiles(package.Installed, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(package.Installed, file)),
            file => Assert.Matches(@"^(package\.json|README\.md|src/[a-z/]+(\.d)?\.(js|ts))$", file));
    }

    /// <summary>What a page loads is of the language and of the browser: only the worker uses what Node has.</summary>
    [Fact]
    public void Client_ImportsNothingOfNode()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(package.Installed, "src"), "*.js"))
            Assert.All(Imports().Matches(File.ReadAllText(file)), import => Assert.StartsWith("./", import.Groups[1].Value, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"(?m)^# pass (\d+)")]
    private static partial Regex Passed();

    [GeneratedRegex(@"(?m)\bfrom '([^']+)'")]
    private static partial Regex Imports();
}
