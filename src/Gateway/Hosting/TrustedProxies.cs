using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace OrleansJobs.Gateway.Hosting;

/// <summary>
/// The proxies whose word counts: what they say of a client's address and of its scheme is taken for what it is. Of anybody else it is not, and names are
/// believed of nobody: they are passed on as <c>Host</c>, or said by <see cref="JobGatewayOptions.PublicUrl"/>.
/// </summary>
internal sealed class TrustedProxies(JobGatewayOptions options)
{
    private readonly IPNetwork[] _networks = [.. options.TrustedProxies.Select(text => TryParse(text)!.Value)];

    public bool Has(IPAddress address)
    {
        if (_networks.Length == 0) return false;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return Array.Exists(_networks, network => network.Contains(address));
    }

    public ForwardedHeadersOptions Headers()
    {
        // Without a limit: it goes back along the chain for as long as those who speak are trusted.
        var headers = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto, ForwardLimit = null };
        headers.KnownProxies.Clear();
        headers.KnownIPNetworks.Clear();
        foreach (var network in _networks) headers.KnownIPNetworks.Add(network);
        return headers;
    }

    /// <summary>An address, or a network such as <c>10.0.0.0/8</c>; null where it is neither.</summary>
    public static IPNetwork? TryParse(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : null;
}
