using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Connections.Security;
using Orleans.Hosting;

namespace OrleansJobs.Connections;

public static class ClusterTls
{
    /// <summary>
    /// Encrypts the connections of this silo, to silos and to clients, and lets only those in that show a certificate of the configured
    /// authorities. Options come from section <c>ClusterTls</c> of the configuration; without it nothing changes.
    /// </summary>
    /// <param name="configure">What the configuration does not say.</param>
    /// <exception cref="OptionsValidationException">The section is incomplete; thrown at start.</exception>
    public static ISiloBuilder UseClusterTls(this ISiloBuilder silo, Action<ClusterTlsOptions>? configure = null)
    {
        AddCertificates(silo.Services, configure);
        silo.Services.AddOptions<SiloConnectionOptions>().Configure<ClusterCertificates, PeerRules>((connections, certificates, rules) =>
        {
            if (!certificates.IsOn) return;
            // What cannot be read is said at start.
            _ = certificates.Current;
            var tls = rules.Tls();
            connections.ConfigureSiloInboundConnection(connection => connection.UseServerTls(tls));
            connections.ConfigureGatewayInboundConnection(connection => connection.UseServerTls(tls));
            connections.ConfigureSiloOutboundConnection(connection => connection.UseClientTls(tls));
        });
        return silo;
    }

    /// <summary>The same for a client of such a cluster.</summary>
    /// <inheritdoc cref="UseClusterTls(ISiloBuilder, Action{ClusterTlsOptions}?)"/>
    public static IClientBuilder UseClusterTls(this IClientBuilder client, Action<ClusterTlsOptions>? configure = null)
    {
        AddCertificates(client.Services, configure);
        client.Services.AddOptions<ClientConnectionOptions>().Configure<ClusterCertificates, PeerRules>((connections, certificates, rules) =>
        {
            if (!certificates.IsOn) return;
            _ = certificates.Current;
            var tls = rules.Tls();
            connections.ConfigureConnection(connection => connection.UseClientTls(tls));
        });
        return client;
    }

    private static void AddCertificates(IServiceCollection services, Action<ClusterTlsOptions>? configure)
    {
        var options = services.AddOptions<ClusterTlsOptions>().BindConfiguration(ClusterTlsOptions.Section).ValidateOnStart();
        if (configure is not null) options.Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<ClusterTlsOptions>, ClusterTlsOptionsValidator>());
        services.TryAddSingleton<ClusterCertificates>();
        services.TryAddSingleton<PeerRules>();
    }
}
