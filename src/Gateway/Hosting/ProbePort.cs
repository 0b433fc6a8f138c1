using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Hosting;

/// <summary>
/// The port of the probes and of metrics, beside the addresses that the host serves at. The server bounds connections for each of its addresses, so that
/// readers who hold all of one keep nobody out of another.
/// </summary>
internal sealed class ProbePort(IServer server, IConfiguration configuration, IOptions<JobGatewayOptions> options) : IHostedLifecycleService
{
    // What the server takes where nothing is said.
    private const string StandardUrl = "http://localhost:5000";

    private readonly int _port = options.Value.ProbePort;

    private ICollection<string> Addresses => server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];

    /// <summary>Whether a request came there.</summary>
    public static bool Has(HttpContext context, JobGatewayOptions options) => options.ProbePort != 0 && context.Connection.LocalPort == options.ProbePort;

    /// <summary>Serves nothing there but probes and metrics.</summary>
    public static Task GuardAsync(HttpContext context, RequestDelegate next, JobGatewayOptions options)
    {
        if (!Has(context, options) || IsProbe(context.GetEndpoint())) return next(context);
        SecurityHeaders.Set(context.Response);
        return new Problem(ProblemTypes.NotFound, "This port is for probes and metrics.").WriteAsync(context);
    }

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        // With an address of ours in the list the host would leave its own out.
        if (_port == 0 || Addresses is not { IsReadOnly: false } addresses) return Task.CompletedTask;
        if (addresses.Count == 0)
        {
            foreach (var url in Configured()) addresses.Add(url);
        }

        addresses.Add($"http://{Host(addresses)}:{_port}");
        return Task.CompletedTask;
    }

    /// <exception cref="InvalidOperationException">Addresses that the host opens in code go before all others.</exception>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (_port == 0 || Addresses.Any(address => BindingAddress.Parse(address).Port == _port)) return Task.CompletedTask;
        throw new InvalidOperationException(
            $"{JobGatewayOptions.Section}:ProbePort is {_port}, but nothing listens there: the host names its endpoints in code or under Kestrel:Endpoints. Name one with this port there too.");
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static bool IsProbe(Endpoint? endpoint) => endpoint is RouteEndpoint { RoutePattern.RawText: "/metrics" } || endpoint?.Metadata.GetMetadata<ProbeRoute>() is not null;

    /// <summary>The host's own addresses, as it would read them.</summary>
    private IEnumerable<string> Configured()
    {
        if (List(WebHostDefaults.ServerUrlsKey) is { Length: > 0 } urls) return urls;
        string[] ports = [.. List(WebHostDefaults.HttpPortsKey).Select(port => $"http://*:{port}"), .. List(WebHostDefaults.HttpsPortsKey).Select(port => $"https://*:{port}")];
        return ports.Length > 0 ? ports : [StandardUrl];

        string[] List(string key) => (configuration[key] ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    /// <summary>As open as the others: on loopback where all of them are.</summary>
    private static string Host(IEnumerable<string> addresses)
    {
        var hosts = addresses.Select(address => BindingAddress.Parse(address).Host).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        if (hosts.Count == 1) return hosts[0];
        return hosts.TrueForAll(host => host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip))) ? "localhost" : "*";
    }
}

/// <summary>Marks the endpoints that ask for no name and are served at the probes' port.</summary>
internal sealed class ProbeRoute;
