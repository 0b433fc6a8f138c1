using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace OrleansJobs.Tests.Gateway;

/// <summary>Over HTTP/2 a body may come without any header that says so.</summary>
public sealed class UnannouncedBodyTests : IAsyncLifetime
{
    private GatewayHost _host = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        _host = await GatewayHost.StartAsync(configure: builder =>
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2)));
        _http = new() { BaseAddress = _host.Http.BaseAddress, DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task AReason_IsTaken() =>
        Assert.Equal("moving", (await (await SendAsync("/queues/mail/pause", "application/json", """{"reason":"moving"}""")).JsonAsync()).Text("reason"));

    [Fact]
    public async Task NoReason_NeedsNoContentType() => Assert.Equal(HttpStatusCode.OK, (await SendAsync("/queues/mail/pause", null, "")).StatusCode);

    [Theory]
    [InlineData("/queues/mail/pause")]
    [InlineData("/jobs/longtask")]
    public async Task AnotherContentType_IsRefused(string path) =>
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await SendAsync(path, "text/plain", "{}")).StatusCode);

    private Task<HttpResponseMessage> SendAsync(string path, string? type, string body)
    {
        var content = new UnannouncedContent(System.Text.Encoding.UTF8.GetBytes(body));
        if (type is not null) content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return _http.PostAsync(path, content);
    }

    private sealed class UnannouncedContent(byte[] body) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(body).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
