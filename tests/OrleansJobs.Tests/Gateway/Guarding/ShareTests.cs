using System.Net;
using System.Net.Sockets;

namespace OrleansJobs.Tests.Gateway.Guarding;

/// <summary>One key, or one address, takes its share and not everybody's.</summary>
public sealed class ShareTests
{
    [Fact]
    public async Task Streams_OfOneKey_EndAtItsShare()
    {
        await using var host = await GatewayHost.StartAsync(new Dictionary<string, string?> { ["Gateway:MaxEventStreamsPerCaller"] = "2" }.With("one", ["read"]).With("two", ["read"]));
        using var first = await EventStream.OpenAsync(host.Http, "/events", KeySettings.Bearer("one"));
        using (await EventStream.OpenAsync(host.Http, "/events", KeySettings.Bearer("one")))
        {
            var refused = await host.Http.GetAsync("/events", KeySettings.Bearer("one"));
            Assert.Equal((HttpStatusCode.TooManyRequests, "rate-limited"), (refused.StatusCode, await refused.ProblemAsync()));
            using var other = await EventStream.OpenAsync(host.Http, "/events", KeySettings.Bearer("two"));
        }

        // What was given back is there again.
        await Eventually.AnswersAsync(async () =>
        {
            using var answer = await host.Http.GetAsync("/events", KeySettings.Bearer("one"));
            return answer.StatusCode;
        }, status => status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Streams_WithoutAKey_AreCountedByAddress()
    {
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:MaxEventStreamsPerCaller"] = "1" });
        using var one = From(host, "127.0.0.1");
        using var two = From(host, "127.0.0.2");
        using var first = await EventStream.OpenAsync(one, "/events");
        Assert.Equal(HttpStatusCode.TooManyRequests, (await one.GetAsync("/events", ("Accept", "text/event-stream"))).StatusCode);
        using var second = await EventStream.OpenAsync(two, "/events");
    }

    [Fact]
    public async Task Connections_OfOneAddress_EndAtItsShare()
    {
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:MaxConnectionsPerAddress"] = "1" });
        using var one = From(host, "127.0.0.2");
        using var again = From(host, "127.0.0.2");
        using var two = From(host, "127.0.0.3");
        Assert.Equal(HttpStatusCode.OK, (await one.GetAsync("/health/live")).StatusCode);
        await Assert.ThrowsAsync<HttpRequestException>(() => again.GetAsync("/health/live"));
        Assert.Equal(HttpStatusCode.OK, (await two.GetAsync("/health/live")).StatusCode);
        one.Dispose();
        using var later = From(host, "127.0.0.2");
        await Eventually.AnswersAsync(async () =>
        {
            try
            {
                return (await later.GetAsync("/health/live")).StatusCode;
            }
            catch (HttpRequestException)
            {
                return HttpStatusCode.ServiceUnavailable;
            }
        }, status => status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Connections_OfATrustedProxy_AreNotOneClients()
    {
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:MaxConnectionsPerAddress"] = "1", ["Gateway:TrustedProxies:0"] = "127.0.0.2" });
        using var one = From(host, "127.0.0.2");
        using var again = From(host, "127.0.0.2");
        Assert.Equal(HttpStatusCode.OK, (await one.GetAsync("/health/live")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await again.GetAsync("/health/live")).StatusCode);
    }

    private static HttpClient From(GatewayHost host, string address) => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancellation) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        },
    }) { BaseAddress = host.Http.BaseAddress };
}
