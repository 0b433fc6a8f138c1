using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Guarding;

namespace OrleansJobs.Gateway.Hosting;

/// <summary>Kestrel's limits. Its defaults are for servers of files and forms: this one serves small JSON.</summary>
internal sealed class GatewayKestrel(IOptions<JobGatewayOptions> options, ConnectionShares shares) : IConfigureOptions<KestrelServerOptions>
{
    public void Configure(KestrelServerOptions kestrel)
    {
        var limits = kestrel.Limits;
        kestrel.AddServerHeader = false;
        // Routes have lower limits of their own.
        limits.MaxRequestBodySize = options.Value.MaxBatchBytes;
        limits.MaxConcurrentConnections = options.Value.MaxConnections;
        limits.MaxRequestHeaderCount = 64;
        limits.MaxRequestHeadersTotalSize = 16 << 10;
        limits.MaxRequestLineSize = 8 << 10;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
        limits.MinRequestBodyDataRate = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        limits.MinResponseDataRate = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        limits.Http2.MaxStreamsPerConnection = 100;
        kestrel.ConfigureEndpointDefaults(endpoint =>
        {
            ListenGuard.Check(endpoint.IPEndPoint, options.Value);
            endpoint.Use(next => connection => shares.ServeAsync(connection, next));
        });
    }
}
