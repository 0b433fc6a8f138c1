using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Hosting;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>
/// Closes connections of an address beyond its share, before anything of them is read. Those of trusted proxies are many clients', and those to the
/// probes' port have a bound of their own.
/// </summary>
internal sealed partial class ConnectionShares(IOptions<JobGatewayOptions> options, ILogger<ConnectionShares> logger)
{
    private readonly Shares _shares = new(options.Value.MaxConnectionsPerAddress);
    private readonly TrustedProxies _proxies = new(options.Value);
    private readonly int _probePort = options.Value.ProbePort;

    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (connection.RemoteEndPoint is not IPEndPoint { Address: var address } || _proxies.Has(address)
            || (_probePort != 0 && connection.LocalEndPoint is IPEndPoint { Port: var port } && port == _probePort))
        {
            await next(connection);
            return;
        }

        var name = ClientAddress.NameOf(address);
        if (!_shares.TryTake(name))
        {
            LogRefused(name, options.Value.MaxConnectionsPerAddress);
            connection.Abort();
            return;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            _shares.GiveBack(name);
        }
    }

    [LoggerMessage(1, LogLevel.Debug, "A connection from {Address} was closed: it has {Most} open, which is Gateway:MaxConnectionsPerAddress")]
    private partial void LogRefused(string address, int most);
}
