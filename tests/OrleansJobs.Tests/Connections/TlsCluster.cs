using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansJobs.Connections;

namespace OrleansJobs.Tests.Connections;

/// <summary>Silos and clients as hosts of this process, over real sockets.</summary>
internal sealed class TlsCluster : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly List<IHost> _hosts = [];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("oj-tls-");
    private IPEndPoint? _primary;

    public TestAuthority Authority { get; } = new("the cluster's");

    public string Folder(string name) => Path.Combine(_folder.FullName, name);

    /// <param name="certificates">A folder; null: no TLS.</param>
    /// <returns>Where it takes silos and clients in.</returns>
    public async Task<(int Silos, int Clients)> StartSiloAsync(string? certificates, params string[] peers)
    {
        var (silos, clients) = (FreePort(), FreePort());
        var host = Host.CreateDefaultBuilder().UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(silos, clients, _primary).UseClusterTls(tls => Fill(tls, certificates, peers));
            silo.Services.PostConfigure<GrainTypeOptions>(types => types.Classes.RemoveWhere(type => type.Namespace?.StartsWith(nameof(OrleansJobs), StringComparison.Ordinal) == true));
            // Long enough for a loaded machine to join, and short enough to see that one is not let in.
            silo.Configure<ClusterMembershipOptions>(options => options.MaxJoinAttemptTime = TimeSpan.FromSeconds(20));
            silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = options.SystemResponseTimeout = TimeSpan.FromSeconds(5));
        }).Build();
        await StartAsync(host);
        _primary ??= new IPEndPoint(IPAddress.Loopback, silos);
        return (silos, clients);
    }

    /// <returns>How many silos the client's grid has.</returns>
    public async Task<int> CountSilosAsync(int port, string? certificates, params string[] peers)
    {
        var host = Host.CreateDefaultBuilder().UseOrleansClient(client => client.UseLocalhostClustering(port).UseClusterTls(tls => Fill(tls, certificates, peers))).Build();
        await StartAsync(host);
        var hosts = await host.Services.GetRequiredService<IClusterClient>().GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true);
        return hosts.Count;
    }

    /// <summary>The thumbprint of what a port shows to somebody who may ask.</summary>
    public static async Task<string> ShownAsync(int port, string certificates)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, port);
        using var ssl = new SslStream(tcp.GetStream());
        using var own = X509Certificate2.CreateFromPemFile(Path.Combine(certificates, "tls.crt"), Path.Combine(certificates, "tls.key"));
        await ssl.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "any", ClientCertificateContext = SslStreamCertificateContext.Create(own, null, offline: true),
            ApplicationProtocols = [new SslApplicationProtocol("Orleans1")], RemoteCertificateValidationCallback = (_, _, _, _) => true,
        });
        return ssl.RemoteCertificate!.GetCertHashString();
    }

    public static void Fill(ClusterTlsOptions tls, string? certificates, string[] peers)
    {
        if (certificates is null) return;
        tls.Certificate = Path.Combine(certificates, "tls.crt");
        tls.Key = Path.Combine(certificates, "tls.key");
        tls.Authorities = Path.Combine(certificates, "ca.crt");
        foreach (var peer in peers) tls.Peers.Add(peer);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in Enumerable.Reverse(_hosts))
        {
            using var atOnce = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            await host.StopAsync(atOnce.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            host.Dispose();
        }

        Authority.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task StartAsync(IHost host)
    {
        try
        {
            await host.StartAsync().WaitAsync(Patience);
            _hosts.Add(host);
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
