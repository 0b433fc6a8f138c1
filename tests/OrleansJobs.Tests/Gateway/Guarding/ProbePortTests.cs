using System.Net;
using System.Net.Sockets;
using OrleansJobs.Faults.Processes;
using OrleansJobs.Telemetry;

namespace OrleansJobs.Tests.Gateway.Guarding;

/// <summary>Whoever asks whether the gateway lives is answered, whatever its readers do.</summary>
public sealed class ProbePortTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Probes_AreAnswered_WhileReadersHoldAllConnections()
    {
        var port = Ports.Free();
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:ProbePort"] = $"{port}", ["Gateway:MaxConnections"] = "4", ["Gateway:MaxEventStreams"] = "3", ["Gateway:MaxWaits"] = "0" });
        var main = new Uri(host.App.Urls.Single(url => new Uri(url).Port != port));
        var held = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 4; i++) held.Add(await HoldAsync(main));
            await Assert.ThrowsAsync<IOException>(() => RawHttp.SendAsync(main, RawHttp.Request("GET", "/health/live", "", []), CancellationToken.None));

            foreach (var path in new[] { "/health/live", "/health/ready", "/health/startup" })
                Assert.Equal(200, (await RawHttp.SendAsync(new Uri($"http://127.0.0.1:{port}"), RawHttp.Request("GET", path, "", [], "10.0.0.7"), CancellationToken.None)).Status);
        }
        finally
        {
            held.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task TheProbesPort_ServesNothingElse()
    {
        var port = Ports.Free();
        await using var host = await GatewayHost.StartAsync(
            new() { ["Gateway:ProbePort"] = $"{port}" }, configure: builder => builder.AddJobTelemetry("test"), map: app => app.MapJobMetrics());
        using var probes = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        foreach (var path in new[] { "/", "/jobs", "/queues", "/events", "/openapi/v1.json", "/nowhere" })
            Assert.Equal(HttpStatusCode.NotFound, (await probes.GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await probes.PostJsonAsync("/jobs", """{"type":"longtask"}""")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await probes.GetAsync("/metrics")).StatusCode);
        Assert.Empty(host.Grid.Jobs);
    }

    [Theory]
    [InlineData("http://127.0.0.1:5")]
    [InlineData("http://[::1]:5")]
    public async Task TheProbesPort_IsBesideTheAddressesThatAreConfigured(string url)
    {
        var (port, main) = (Ports.Free(), Ports.Free());
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:ProbePort"] = $"{port}" }, url: url.Replace(":5", $":{main}"));
        Assert.Equal([main, port], host.App.Urls.Select(address => new Uri(address).Port));
    }

    [Fact]
    public async Task APortThatTheHostDoesNotOpen_IsSaidAtStart()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => GatewayHost.StartAsync(new() { ["Gateway:ProbePort"] = $"{Ports.Free()}" },
            configure: builder => Microsoft.AspNetCore.Hosting.WebHostBuilderKestrelExtensions.ConfigureKestrel(builder.WebHost, kestrel => kestrel.Listen(IPAddress.Loopback, 0))));
        Assert.Contains("Gateway:ProbePort", refused.Message);
    }

    [Fact]
    public async Task Metrics_AreReadByKeyOrAtTheProbesPort()
    {
        var port = Ports.Free();
        var settings = new Dictionary<string, string?> { ["Gateway:ProbePort"] = $"{port}" }.With("reader", ["read"]).With("shop", ["submit"]);
        await using var host = await GatewayHost.StartAsync(settings, configure: builder => builder.AddJobTelemetry("test"), map: app => app.MapJobMetrics());
        using var main = new HttpClient { BaseAddress = new Uri(host.App.Urls.Single(url => new Uri(url).Port != port)) };
        using var probes = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        Assert.Equal(HttpStatusCode.Unauthorized, (await main.GetAsync("/metrics")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await main.GetAsync("/metrics", KeySettings.Bearer("shop"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await main.GetAsync("/metrics", KeySettings.Bearer("reader"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await probes.GetAsync("/metrics")).StatusCode);
    }

    [Fact]
    public async Task Metrics_WithATokenOfTheirOwn_AskForThatToken()
    {
        var settings = new Dictionary<string, string?> { ["Telemetry:MetricsToken"] = "scrape" }.With("reader", ["read"]);
        await using var host = await GatewayHost.StartAsync(settings, configure: builder => builder.AddJobTelemetry("test"), map: app => app.MapJobMetrics());
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Http.GetAsync("/metrics")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await host.Http.GetAsync("/metrics", ("Authorization", "Bearer scrape"))).StatusCode);
    }

    /// <summary>Opens a connection and has it served once, so that it counts.</summary>
    private static async Task<TcpClient> HoldAsync(Uri server)
    {
        using var patience = new CancellationTokenSource(Patience);
        var socket = new TcpClient();
        await socket.ConnectAsync(server.Host, server.Port, patience.Token);
        await socket.GetStream().WriteAsync("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), patience.Token);
        await socket.GetStream().ReadAtLeastAsync(new byte[12], 12, cancellationToken: patience.Token);
        return socket;
    }
}
