using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace OrleansJobs.Gateway.Hosting;

/// <summary>
/// Refuses to start a gateway that others can reach and that asks nobody who they are. Addresses of the configuration are refused before they
/// are bound; those that a host opens in code are found once the server runs.
/// </summary>
internal sealed class ListenGuard(IServer server, IOptions<JobGatewayOptions> options) : IHostedLifecycleService
{
    public static void Check(IPEndPoint? endpoint, JobGatewayOptions options)
    {
        // No endpoint: a unix socket or a pipe, guarded by the file system.
        if (endpoint is null || IPAddress.IsLoopback(endpoint.Address)) return;
        Refuse(endpoint.ToString(), options);
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (var address in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
        {
            if (address.Contains("://unix:", StringComparison.Ordinal) || address.Contains("://pipe:", StringComparison.Ordinal)) continue;
            var host = BindingAddress.Parse(address).Host;
            var isLoopback = host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
                || (IPAddress.TryParse(host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
            if (!isLoopback) Refuse(address, options.Value);
        }

        return Task.CompletedTask;
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static void Refuse(string address, JobGatewayOptions options)
    {
        // Not enabled: a silo that only runs jobs, and serves its probes and metrics.
        if (!options.Enabled || !options.IsOpen || options.AllowAnonymous) return;
        throw new InvalidOperationException(
            $"The gateway would listen on {address} and let everybody who reaches it submit, read and cancel jobs. "
            + $"Give it keys ({JobGatewayOptions.Section}:Keys) or an authentication scheme ({JobGatewayOptions.Section}:Scheme), let it listen on localhost only, "
            + $"or say that such is the intention: {JobGatewayOptions.Section}:AllowAnonymous=true.");
    }
}
