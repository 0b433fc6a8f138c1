using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Hosting;
using OrleansJobs.Tests.Configuration;
using OrleansJobs.Tests.Infrastructure;
using static OrleansJobs.Tests.Kubernetes.KubeObject;

namespace OrleansJobs.Tests.Kubernetes;

public sealed class ComposeTests
{
    private static readonly JsonObject Compose = Yaml.ReadAll(Repository.Read("compose.yaml")).Single();

    public static TheoryData<string> Services => ["silo-a", "silo-b", "gateway"];

    [Theory, MemberData(nameof(Services))]
    public void Environment_HasOnlyNamesThatSomebodyReads(string service)
    {
        var settings = SettingsOf(service);
        Assert.Empty(settings.Unknown);
        Assert.True(settings.Http.IsOpen);
        Assert.Equal("orleansjobs", settings["Orleans:ClusterId"]);
        Assert.StartsWith("redis:6379", settings["ConnectionStrings:redis"]);
        Assert.Equal(service == "gateway", settings.Gateway.Enabled);
        Assert.Equal(service == "gateway", settings.Gateway.AllowAnonymous);
    }

    [Theory, MemberData(nameof(Services))]
    public void Containers_HaveNoRightsTheyDoNotNeed(string service)
    {
        var container = Service(service);
        Assert.Equal("true", container["read_only"]!.ToString());
        Assert.Equal("1654:1654", container["user"]!.ToString());
        Assert.Equal("""["ALL"]""", container["cap_drop"]!.ToJsonString());
        Assert.Equal("""["/tmp"]""", container["tmpfs"]!.ToJsonString());
    }

    [Theory, MemberData(nameof(Services))]
    public void GracePeriod_CoversTheDrain(string service)
    {
        var grace = TimeSpan.FromSeconds(double.Parse(Service(service)["stop_grace_period"]!.ToString().TrimEnd('s'), CultureInfo.InvariantCulture));
        var shutdown = service == "gateway" ? new HostOptions().ShutdownTimeout : SettingsOf(service).Grid.ShutdownTime;
        Assert.True(grace > shutdown + TimeSpan.FromSeconds(10));
    }

    [Theory, MemberData(nameof(Services))]
    public void Images_AreThoseThatTheProjectsMake(string service)
    {
        var project = SettingsTests.ProjectOf(service == "gateway" ? "gateway" : "silo");
        Assert.StartsWith(project.Descendants("ContainerRepository").Single().Value + ":", Service(service)["image"]!.ToString());
    }

    [Fact]
    public void Silos_HaveNamesOfTheirOwnAndListenBeyondTheContainer()
    {
        Assert.NotEqual(SettingsOf("silo-a")["Orleans:Name"], SettingsOf("silo-b")["Orleans:Name"]);
        // Without the section a silo would tell the others its loopback.
        Assert.Equal("11111", SettingsOf("silo-a")["Orleans:Endpoints:SiloPort"]);
        Assert.Equal("30000", SettingsOf("silo-a")["Orleans:Endpoints:GatewayPort"]);
    }

    [Fact]
    public void Gateway_IsPublishedOnLoopbackOnly()
    {
        var port = Assert.Single((JsonArray)Service("gateway")["ports"]!)!.ToString();
        Assert.Equal($"127.0.0.1:8080:{SettingsOf("gateway").Http.Port}", port);
        // By that address, and by the service's own name from beside it; by no name that a page of the internet could have.
        Assert.Equal(["gateway"], SettingsOf("gateway").Gateway.Hosts);
        Assert.All(new[] { "silo-a", "silo-b", "redis" }, name => Assert.Null(Service(name)["ports"]));
    }

    [Fact]
    public void Redis_SyncsEveryWriteAndEvictsNothing()
    {
        var command = Service("redis")["command"]!.ToJsonString();
        Assert.Contains("""
            "--appendfsync","always"
            """, command);
        Assert.Contains("""
            "--maxmemory-policy","noeviction"
            """, command);
    }

    private static JsonObject Service(string name) => (JsonObject)At(Compose, $"services.{name}")!;

    private static ProcessSettings SettingsOf(string service) => new(Map(Service(service)["environment"]));
}
