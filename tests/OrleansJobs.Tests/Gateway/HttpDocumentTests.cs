using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using OrleansJobs.Gateway;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Tests.Infrastructure;

namespace OrleansJobs.Tests.Gateway;

/// <summary>Holds <c>docs/HTTP.md</c> to the gateway: its curl lines run as they stand, and its tables say what the code says.</summary>
public sealed partial class HttpDocumentTests(GridHost grid) : IClassFixture<GridHost>
{
    private static readonly string Document = Repository.Read("docs/HTTP.md");

    [Fact]
    public async Task CurlLines_RunAsTheyStand()
    {
        var lines = CurlLine().Matches(Document);
        Assert.True(lines.Count > 25);
        var home = Directory.CreateTempSubdirectory("orleansjobs-curl-").FullName;
        try
        {
            // The lines speak of localhost:8080; where that is, is told to curl beside them.
            await File.WriteAllTextAsync(Path.Combine(home, ".curlrc"), $"silent\nmax-time = 30\nwrite-out = \"\\n%{{http_code}}\"\nconnect-to = \"localhost:8080:127.0.0.1:{grid.Address.Port}\"\n");
            foreach (Match line in lines)
            {
                var output = await RunAsync(line.Groups["command"].Value, home);
                Assert.True(output.EndsWith(line.Groups["status"].Value, StringComparison.Ordinal), $"{line.Value}\nanswered\n{output}");
            }
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    [Fact]
    public void CurlLines_ThereIsOneForEveryRoute()
    {
        var requests = CurlLine().Matches(Document).Select(line => (
            Method: CurlMethod().Match(line.Value) is { Success: true } method ? method.Groups[1].Value : "GET",
            Path: CurlPath().Match(line.Value).Groups[1].Value)).ToList();
        foreach (var route in Routes())
        {
            var path = new Regex("^" + Regex.Replace(Regex.Escape(route.Split(' ')[1]), @"\\\{\w+}", "[^/]+") + "$");
            Assert.True(requests.Exists(request => request.Method == route.Split(' ')[0] && path.IsMatch(request.Path)), $"There is no curl line for {route}.");
        }
    }

    [Fact]
    public void RouteTable_ListsEveryRouteAndNoOther() =>
        Assert.Equal(Routes().Order(StringComparer.Ordinal), RouteRow().Matches(Document).Select(row => row.Groups[1].Value).Order(StringComparer.Ordinal));

    [Fact]
    public void ProblemTable_ListsEveryTypeWithItsStatus() => Assert.Equal(
        ProblemTypes.All.Select(type => (type.Name, type.Status)).OrderBy(type => type.Name, StringComparer.Ordinal),
        ProblemRow().Matches(Document).Select(row => (Name: row.Groups[1].Value, Status: int.Parse(row.Groups[2].Value))).OrderBy(type => type.Name, StringComparer.Ordinal));

    [Fact]
    public void BadInputTable_HasTheRowsOfTheTests()
    {
        var section = Document[Document.IndexOf("## Bad input", StringComparison.Ordinal)..Document.IndexOf("## Limits", StringComparison.Ordinal)];
        var documented = BadInputRow().Matches(section).Select(row => $"{row.Groups[1].Value} {row.Groups[2].Value} {row.Groups[3].Value.Trim('`')}");
        Assert.Equal(BadInputs.All.Select(row => $"{row.Name} {row.Status} {row.Type}"), documented);
    }

    [Fact]
    public void OptionTable_ListsEveryOption()
    {
        var section = Document[Document.IndexOf("## Options", StringComparison.Ordinal)..];
        var documented = OptionRow().Matches(section).Select(row => row.Groups[1].Value);
        var options = typeof(JobGatewayOptions).GetProperties().SelectMany(property => property.PropertyType.Namespace == "OrleansJobs.Gateway"
            ? property.PropertyType.GetProperties().Select(nested => $"{property.Name}:{nested.Name}")
            : [property.Name]);
        Assert.Equal(options.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    /// <summary>Without the files that the pages load.</summary>
    private static IEnumerable<string> Routes()
    {
        IEndpointRouteBuilder app = GatewayHost.Build([], new FakeGrid());
        return app.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Select(endpoint => $"{endpoint.Metadata.OfType<HttpMethodMetadata>().Single().HttpMethods[0]} {endpoint.RoutePattern.RawText}")
            .Where(route => !Regex.IsMatch(route, @"\.(js|css|html|svg)$"))
            .Distinct();
    }

    private static async Task<string> RunAsync(string command, string home)
    {
        var start = new ProcessStartInfo("bash", ["-c", command]) { RedirectStandardOutput = true };
        start.Environment["CURL_HOME"] = home;
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output;
    }

    [GeneratedRegex(@"^(?<command>curl .*) # (?<status>\d{3})$", RegexOptions.Multiline)]
    private static partial Regex CurlLine();

    [GeneratedRegex(@"-X (\w+)")]
    private static partial Regex CurlMethod();

    [GeneratedRegex(@"localhost:8080(/[^?'\s]*)")]
    private static partial Regex CurlPath();

    [GeneratedRegex(@"^\| `((?:GET|POST|PUT|DELETE) /\S*)` \|", RegexOptions.Multiline)]
    private static partial Regex RouteRow();

    [GeneratedRegex(@"^\| `([a-z-]+)` \| (\d{3}) \|", RegexOptions.Multiline)]
    private static partial Regex ProblemRow();

    [GeneratedRegex(@"^\| (.+) \| (\d{3}) \| (\S+) \|$", RegexOptions.Multiline)]
    private static partial Regex BadInputRow();

    [GeneratedRegex(@"^\| `([\w:]+)` \|", RegexOptions.Multiline)]
    private static partial Regex OptionRow();
}
