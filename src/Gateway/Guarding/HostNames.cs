using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Guarding;

/// <summary>
/// The names that the gateway answers to while there are no keys. A page on the internet may have its name point to this machine once it is loaded; the
/// browser then takes the gateway for the page's own server and keeps nothing from it. What it cannot do is call the gateway by another name.
/// </summary>
internal sealed class HostNames(IOptions<JobGatewayOptions> options, IServer server)
{
    private static readonly string[] Loopback = ["localhost", "127.0.0.1", "[::1]"];

    private readonly bool _areFree = !options.Value.IsOpen || options.Value.Hosts.Contains("*");
    private HashSet<string>? _names;

    /// <exception cref="ProblemException">421: it is none of ours.</exception>
    public void Check(HttpContext context)
    {
        if (_areFree || (_names ??= Read()).Contains(context.Request.Host.Host)) return;
        throw new ProblemException(new(ProblemTypes.UnknownHost, "While there are no keys, only localhost and the names under Gateway:Hosts are answered to."));
    }

    private HashSet<string> Read()
    {
        var names = new HashSet<string>([.. Loopback, .. options.Value.Hosts], StringComparer.OrdinalIgnoreCase);
        if (options.Value.PublicUrl is { } url) names.Add(url.HostNameType == UriHostNameType.IPv6 ? $"[{url.DnsSafeHost}]" : url.IdnHost);
        // An address that is listened at by name is one that the configuration names; one that stands for all is not.
        foreach (var address in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
        {
            if (Uri.TryCreate(address, UriKind.Absolute, out var listening) && !(IPAddress.TryParse(listening.DnsSafeHost, out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any))))
                names.Add(listening.Host);
        }

        return names;
    }
}
