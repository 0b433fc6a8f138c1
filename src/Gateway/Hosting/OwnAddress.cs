using System.Globalization;
using Microsoft.Extensions.Options;

namespace OrleansJobs.Gateway.Hosting;

/// <summary>Addresses of this gateway, as a client can follow them.</summary>
internal sealed class OwnAddress(IOptions<JobGatewayOptions> options)
{
    private readonly string? _public = options.Value.PublicUrl?.ToString().TrimEnd('/');
    private readonly string? _publicOrigin = options.Value.PublicUrl is { } url ? OriginOf(url) : null;

    /// <summary>
    /// A path, except for a page of another origin: that one would resolve a path against its own server, so it is given the whole address.
    /// </summary>
    public string Of(HttpContext context, string path)
    {
        if (_public is not null) return _public + path;
        var request = context.Request;
        var local = request.PathBase + path;
        if (request.Headers.Origin.Count == 0) return local;
        var own = $"{request.Scheme}://{request.Host}";
        return request.Headers.Origin == own ? local : own + local;
    }

    /// <summary>Whether pages of this origin are the gateway's own: what it was called as, or is called by everybody.</summary>
    public bool IsOwn(HttpRequest request, string origin) => origin == _publicOrigin || origin == $"{request.Scheme}://{request.Host}";

    // As browsers write it: without the standard port, and names in ASCII.
    private static string OriginOf(Uri url)
    {
        var host = url.HostNameType == UriHostNameType.IPv6 ? url.Host : url.IdnHost;
        return url.IsDefaultPort ? $"{url.Scheme}://{host}" : string.Create(CultureInfo.InvariantCulture, $"{url.Scheme}://{host}:{url.Port}");
    }
}
