using System.IO.Compression;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Packages;

namespace OrleansJobs.Tests.Clients;

/// <summary>The Python package's own tests, against a silo that runs as a process, and what can be said of the package itself.</summary>
public sealed partial class PythonTests(PythonPackage package) : IClassFixture<PythonPackage>
{
    public static TheoryData<string> Modules =>
        [.. Directory.GetFiles(Path.Combine(PythonPackage.Source, "tests"), "test_*.py").Select(Path.GetFileNameWithoutExtension).OfType<string>().Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Modules))]
    public async Task ItsTests_Pass(string module)
    {
        var output = await package.RunAsync(0, "-m", "unittest", "-v", $"tests.{module}");
        var ran = Ran().Match(output);
        Assert.True(ran.Success && int.Parse(ran.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture) > 0, output);
        Assert.DoesNotContain("skipped", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ItsWorker_IsAWorker_ByTheConformanceTest() =>
        Assert.Contains("20 of 20 rows hold.", await package.RunAsync(0, Repository.PathOf("clients/conformance/check.py"), "--", PythonPackage.Python, Repository.PathOf("clients/conformance/workers/python.py")), StringComparison.Ordinal);

    [Fact]
    public void ThereAreTests() => Assert.True(Modules.Count >= 8, $"{Modules.Count} modules of tests");

    [Fact]
    public async Task Wheel_HasThePackage_AndNothingElse()
    {
        await using var wheel = await ZipFile.OpenReadAsync(package.Wheel);
        var files = wheel.Entries.Select(entry => entry.FullName).ToArray();
        Assert.Contains("orleansjobs/py.typed", files);
        Assert.Contains("orleansjobs/celery/utils/log.py", files);
        Assert.All(files, file => Assert.Matches("^orleansjobs(/|-)", file));
        Assert.EndsWith("-py3-none-any.whl", package.Wheel, StringComparison.Ordinal);
        using var reader = new StreamReader(await wheel.Entries.Single(entry => entry.Name == "METADATA").OpenAsync());
        var metadata = await reader.ReadToEndAsync();
        Assert.Contains("Requires-Python: >=3.9", metadata, StringComparison.Ordinal);
        Assert.DoesNotContain("Requires-Dist", metadata, StringComparison.Ordinal);
        Assert.Contains($"Version: {RepositoryVersion}", metadata, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Installed_IsWhatTheTestsUse()
    {
        var output = await package.RunAsync(0, "-c", "import orleansjobs; print(orleansjobs.__file__, orleansjobs.__version__)");
        Assert.StartsWith(package.Installed, output, StringComparison.Ordinal);
        Assert.EndsWith($" {RepositoryVersion}", output.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Types_AreSound() => await Command.RunAsync(
        PythonPackage.Source, "mypy", [], 0, "--strict", "--python-version", "3.9", "--cache-dir", "/dev/null", "src");

    /// <summary>Imports are of the standard library and of the package itself: there is nothing to be installed with it.</summary>
    [Fact]
    public async Task Imports_AreOfTheStandardLibrary() => Assert.Equal("", (await package.RunAsync(0, "-c", """
        import ast, pathlib, sys
        for file in pathlib.Path("src").rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                names = [name.name for name in node.names] if isinstance(node, ast.Import) else [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
                for name in names:
                    if name.split(".")[0] not in sys.stdlib_module_names:
                        print(file, name)
        """)).Trim());

    private static string RepositoryVersion => XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants("Version").Single().Value;

    [GeneratedRegex(@"(?m)^Ran (\d+) tests? in ")]
    private static partial Regex Ran();
}
