using System.Reflection;
using OrleansJobs.Connections;
using OrleansJobs.Gateway;
using OrleansJobs.Hosting;
using OrleansJobs.Tests.Infrastructure;

namespace OrleansJobs.Tests.Packages;

/// <summary>
/// What other services compile against does not change by accident: the public face of each package is the approved one.
/// </summary>
public class PublicApiTests
{
    private const string Approve = "ORLEANSJOBS_APPROVE";

    public static TheoryData<string> Assemblies() => [.. All.Keys];

    private static readonly Dictionary<string, Assembly> All = new()
    {
        ["OrleansJobs.Abstractions"] = typeof(IJobClient).Assembly,
        ["OrleansJobs.Grains"] = typeof(JobGridBuilder).Assembly,
        ["OrleansJobs.Gateway"] = typeof(JobGatewayRoutes).Assembly,
        ["OrleansJobs.Connections"] = typeof(ClusterTls).Assembly,
    };

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void PublicFace_OfAPackage_IsTheApprovedOne(string name)
    {
        var file = Repository.PathOf($"tests/OrleansJobs.Tests/Packages/Approved/{name}.txt");
        var now = ApiText.Of(All[name]);
        if (Environment.GetEnvironmentVariable(Approve) == "1") File.WriteAllText(file, now);
        var approved = File.Exists(file) ? File.ReadAllText(file) : "";
        if (now == approved) return;
        string[] lines = now.Split('\n'), before = approved.Split('\n');
        Assert.Fail($"""
            The public face of {name} is not the approved one.
            {string.Join('\n', before.Except(lines).Select(line => "- " + line.Trim()).Concat(lines.Except(before).Select(line => "+ " + line.Trim())))}
            Lines with a minus break code of others, unless the package's major version changes. Where the change is meant, approve it and commit the file:
                {Approve}=1 dotnet test tests/OrleansJobs.Tests --filter "FullyQualifiedName~PublicApiTests"
            """);
    }

    [Fact]
    public void PublicFace_NamesTypesMembersAndDefaults()
    {
        var text = ApiText.Of(typeof(IJobClient).Assembly);
        Assert.Contains("interface OrleansJobs.IJobClient\n", text, StringComparison.Ordinal);
        Assert.Contains("    String Id { get; }\n", text, StringComparison.Ordinal);
        Assert.Contains("    Success = 2\n", text, StringComparison.Ordinal);
        Assert.Contains("    const int MaxTags = 16\n".Replace("int", "Int32", StringComparison.Ordinal), text, StringComparison.Ordinal);
        Assert.DoesNotContain("OrleansCodeGen", text, StringComparison.Ordinal);
        Assert.DoesNotContain("JobClientMeters", text, StringComparison.Ordinal);
    }
}
