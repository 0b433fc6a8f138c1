using System.Net;
using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Infrastructure.Nginx;
using OrleansJobs.Tests.Kubernetes;
using static OrleansJobs.Tests.Kubernetes.KubeObject;

namespace OrleansJobs.Tests.Gateway.Guarding;

/// <summary>A real reverse proxy in front, which ends TLS and speaks plain HTTP to the gateway.</summary>
public sealed class ReverseProxyTests
{
    private const string Name = "jobs.example.com";
    private const string Json = """{"type":"longtask"}""";
    private static readonly string[] Forwarding = ["proxy_set_header Host $http_host;", "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;", "proxy_set_header X-Forwarded-Proto $scheme;"];
    private static readonly (string, string) Own = ("Origin", $"https://{Name}"), Foreign = ("Origin", "https://evil.example");

    [Fact]
    public async Task BehindATrustedProxy_TheConsoleMayChangeThings_AndIsGivenAddressesOfItsOwn()
    {
        await using var host = await StartAsync(new() { ["Gateway:TrustedProxies:0"] = "127.0.0.1" });
        await using var proxy = await NginxProxy.StartAsync(host.Http.BaseAddress!, Name, Forwarding);
        using var http = proxy.Client(Name);
        Assert.Equal(HttpStatusCode.Accepted, (await http.PostJsonAsync("/jobs", Json, KeySettings.Bearer("web"), Own)).StatusCode);
        Assert.Equal("foreign-origin", await (await http.PostJsonAsync("/jobs", Json, KeySettings.Bearer("web"), Foreign)).ProblemAsync());
        Assert.Equal("foreign-origin", await (await http.PostJsonAsync("/jobs", Json, KeySettings.Bearer("web"), ("Origin", $"http://{Name}"))).ProblemAsync());
    }

    [Fact]
    public async Task PublicUrl_IsTheOwnOrigin_WhateverTheProxyTells()
    {
        await using var host = await StartAsync(new() { ["Gateway:PublicUrl"] = $"https://{Name}/" });
        await using var proxy = await NginxProxy.StartAsync(host.Http.BaseAddress!, Name);
        using var http = proxy.Client(Name);
        var posted = await http.PostJsonAsync("/jobs", Json, KeySettings.Bearer("web"), Own);
        Assert.Equal(HttpStatusCode.Accepted, posted.StatusCode);
        Assert.StartsWith($"https://{Name}/jobs/", posted.Headers.Location!.ToString());
        Assert.Equal("foreign-origin", await (await http.PostJsonAsync("/jobs", Json, KeySettings.Bearer("web"), Foreign)).ProblemAsync());
    }

    [Fact]
    public async Task RateLimits_AreOfTheClientsAddress_AndNotOfTheProxys()
    {
        await using var host = await GatewayHost.StartAsync(new()
        {
            ["Gateway:TrustedProxies:0"] = "127.0.0.0/31", ["Gateway:Hosts:0"] = Name, ["Gateway:RateLimit:RequestsPerSecond"] = "0.001", ["Gateway:RateLimit:Burst"] = "1",
        });
        await using var proxy = await NginxProxy.StartAsync(host.Http.BaseAddress!, Name, Forwarding);
        using var one = proxy.Client(Name, "127.0.0.2");
        using var two = proxy.Client(Name, "127.0.0.3");
        Assert.Equal(HttpStatusCode.OK, (await one.GetAsync("/queues")).StatusCode);
        // What a client says of itself stands before what the proxy says, and is not believed.
        Assert.Equal(HttpStatusCode.TooManyRequests, (await one.GetAsync("/queues", ("X-Forwarded-For", "192.0.2.1"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await two.GetAsync("/queues")).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await two.GetAsync("/queues")).StatusCode);
    }

    [Fact]
    public async Task WhoIsNoTrustedProxy_IsNotBelieved()
    {
        var settings = new Dictionary<string, string?> { ["Gateway:RateLimit:RequestsPerSecond"] = "0.001", ["Gateway:RateLimit:Burst"] = "1" };
        foreach (var trusted in new[] { null, "192.0.2.0/24" })
        {
            if (trusted is not null) settings["Gateway:TrustedProxies:0"] = trusted;
            await using var host = await StartAsync(settings);
            await using var open = await GatewayHost.StartAsync(settings.Where(setting => !setting.Key.Contains("Keys", StringComparison.Ordinal)).ToDictionary());
            Assert.Equal("foreign-origin", await (await host.Http.PostJsonAsync("/jobs", Json, KeySettings.Bearer("web"), ("X-Forwarded-Proto", "https"), ("Origin", host.Http.BaseAddress!.GetLeftPart(UriPartial.Authority).Replace("http:", "https:")))).ProblemAsync());
            Assert.Equal(HttpStatusCode.OK, (await open.Http.GetAsync("/queues", ("X-Forwarded-For", "192.0.2.1"))).StatusCode);
            Assert.Equal(HttpStatusCode.TooManyRequests, (await open.Http.GetAsync("/queues", ("X-Forwarded-For", "192.0.2.2"))).StatusCode);
        }
    }

    /// <summary>The route and the settings that come with it, as they are shipped: the page is served under the route's name and may change things.</summary>
    [Fact]
    public async Task TheShippedRoute_WorksAsItStands()
    {
        var name = At(Yaml.ReadAll(Repository.Read("k8s/components/gateway-api/route.yaml")).Single(), "spec.hostnames")![0]!.ToString();
        var settings = new Dictionary<string, string?>().With("web", ["submit", "read"]);
        foreach (var file in new[] { "base", "overlays/production", "components/gateway-api" })
        {
            foreach (var (option, value) in LiteralsOf(file).Where(literal => literal.Option != "Gateway:ProbePort")) settings[option] = value;
        }

        await using var host = await GatewayHost.StartAsync(settings);
        // A proxy that passes on the name and nothing else, which is what a route promises.
        await using var proxy = await NginxProxy.StartAsync(host.Http.BaseAddress!, name, "proxy_set_header Host $http_host;");
        using var http = proxy.Client(name);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/")).StatusCode);
        var posted = await http.PostJsonAsync("/jobs", Json, KeySettings.Bearer("web"), ("Origin", $"https://{name}"));
        Assert.Equal(HttpStatusCode.Accepted, posted.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(posted.Headers.Location!.ToString(), KeySettings.Bearer("web"))).StatusCode);
    }

    /// <summary>What a kustomization adds to the gateway's configuration.</summary>
    private static IEnumerable<(string Option, string Value)> LiteralsOf(string folder) =>
        List(Yaml.ReadAll(Repository.Read($"k8s/{folder}/kustomization.yaml")).Single(), "configMapGenerator")
            .Where(map => map["name"]!.ToString() == "orleansjobs-gateway")
            .SelectMany(map => map["literals"]!.AsArray().Select(literal => literal!.ToString().Split('=', 2)))
            .Select(pair => (pair[0].Replace("__", ":", StringComparison.Ordinal), pair[1]));

    private static Task<GatewayHost> StartAsync(Dictionary<string, string?> settings) => GatewayHost.StartAsync(new Dictionary<string, string?>(settings).With("web", ["submit", "read"]));
}
