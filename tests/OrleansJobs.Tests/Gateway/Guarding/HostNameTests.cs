using System.Text;

namespace OrleansJobs.Tests.Gateway.Guarding;

/// <summary>A page whose name is made to point here after it was loaded calls itself by its own name: without keys that is all there is to tell it by.</summary>
public sealed class HostNameTests
{
    private const string Foreign = "evil.example:8080";

    [Theory]
    [InlineData("POST", "/jobs/longtask")]
    [InlineData("POST", "/queues/default/pause")]
    [InlineData("GET", "/queues")]
    [InlineData("GET", "/jobs")]
    [InlineData("GET", "/events")]
    [InlineData("GET", "/")]
    [InlineData("GET", "/openapi/v1.json")]
    [InlineData("GET", "/nowhere")]
    public async Task WithoutKeys_AForeignName_IsNotAnswered(string method, string path)
    {
        foreach (var anonymous in new[] { "false", "true" })
        {
            await using var host = await GatewayHost.StartAsync(new() { ["Gateway:AllowAnonymous"] = anonymous });
            var answer = await SendAsync(host, method, path, Foreign, $"Origin: http://{Foreign}\r\n");
            Assert.Equal((421, "unknown-host"), (answer.Status, answer.ProblemType));
            Assert.Empty(host.Grid.Jobs);
        }
    }

    [Theory]
    [InlineData("localhost:8080")]
    [InlineData("LOCALHOST")]
    [InlineData("127.0.0.1:1")]
    [InlineData("[::1]:8080")]
    [InlineData("grid.internal:80")]
    [InlineData("jobs.example.com")]
    public async Task WithoutKeys_LoopbackAndWhatTheConfigurationNames_AreAnswered(string name)
    {
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:Hosts:0"] = "grid.internal", ["Gateway:PublicUrl"] = "https://jobs.example.com" });
        Assert.Equal(200, (await SendAsync(host, "GET", "/queues", name)).Status);
    }

    [Theory]
    [InlineData("localhost.evil.example")]
    [InlineData("evil.example#localhost")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("grid.internal.evil.example")]
    [InlineData("10.0.0.7")]
    [InlineData("0.0.0.0:8080")]
    [InlineData("")]
    public async Task WithoutKeys_WhatOnlyLooksAlike_IsNotAnswered(string name)
    {
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:Hosts:0"] = "grid.internal" });
        Assert.InRange((await SendAsync(host, "GET", "/queues", name)).Status, 400, 421);
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/health/startup")]
    public async Task Probes_ComeToAnyName(string path)
    {
        await using var host = await GatewayHost.StartAsync();
        Assert.Equal(200, (await SendAsync(host, "GET", path, "10.0.0.7:8080")).Status);
    }

    [Fact]
    public async Task WithKeys_TheKeyDecides()
    {
        await using var host = await GatewayHost.StartAsync(new Dictionary<string, string?>().With("ops", ["read"]));
        var (name, value) = KeySettings.Bearer("ops");
        Assert.Equal(401, (await SendAsync(host, "GET", "/queues", Foreign)).Status);
        Assert.Equal(200, (await SendAsync(host, "GET", "/queues", Foreign, $"{name}: {value}\r\n")).Status);
    }

    [Fact]
    public async Task AnAddressThatTheConfigurationListensAt_IsAName()
    {
        await using var host = await GatewayHost.StartAsync(url: "http://127.0.0.2:0");
        Assert.Equal(200, (await SendAsync(host, "GET", "/queues", "127.0.0.2")).Status);
        Assert.Equal(421, (await SendAsync(host, "GET", "/queues", "127.0.0.3")).Status);
    }

    [Fact]
    public async Task AStar_IsEveryName()
    {
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:Hosts:0"] = "*" });
        Assert.Equal(200, (await SendAsync(host, "GET", "/queues", Foreign)).Status);
    }

    private static Task<RawAnswer> SendAsync(GatewayHost host, string method, string path, string name, string headers = "") =>
        RawHttp.SendAsync(host.Http.BaseAddress!, RawHttp.Request(method, path, "Content-Type: application/json\r\n" + headers, method == "POST" ? Encoding.UTF8.GetBytes("{}") : [], name), CancellationToken.None);
}
