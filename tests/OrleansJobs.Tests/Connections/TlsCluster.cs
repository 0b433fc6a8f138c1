using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansJobs.Connections;
using OrleansJobs.Faults.Processes;

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
    /// <returns>Where it takes silos and clients in; null where the cluster does not take it in.</returns>
    public async Task<(int Silos, int Clients)?> StartSiloAsync(string? certificates, params string[] peers)
    {
        var (silos, clients) = (Ports.Free(), Ports.Free());
        var refusal = new Refusal();
        var host = Host.CreateDefaultBuilder().ConfigureLogging(logging => logging.ClearProviders().AddProvider(refusal)).UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(silos, clients, _primary).UseClusterTls(tls => Fill(tls, certificates, peers));
            silo.Services.PostConfigure<GrainTypeOptions>(types => types.Classes.RemoveWhere(type => type.Namespace?.StartsWith(nameof(OrleansJobs), StringComparison.Ordinal) == true));
            // One that is not let in gives up soon.
            silo.Configure<ClusterMembershipOptions>(options => options.MaxJoinAttemptTime = TimeSpan.FromSeconds(10));
            silo.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = options.SystemResponseTimeout = TimeSpan.FromSeconds(10));
        }).Build();
        if (!await TryStartAsync(host, refusal)) return null;
        _primary ??= new IPEndPoint(IPAddress.Loopback, silos);
        return (silos, clients);
    }

    /// <returns>How many silos the client's cluster has; null where none takes it in.</returns>
    public async Task<int?> CountSilosAsync(int port, string? certificates, params string[] peers)
    {
        var refusal = new Refusal();
        var host = Host.CreateDefaultBuilder().ConfigureLogging(logging => logging.ClearProviders().AddProvider(refusal))
            .UseOrleansClient(client => client.UseLocalhostClustering(port).UseClusterTls(tls => Fill(tls, certificates, peers))).Build();
        if (!await TryStartAsync(host, refusal)) return null;
        return (await host.Services.GetRequiredService<IClusterClient>().GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true)).Count;
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
        // Clients first, and silos in the order in which they can leave.
        foreach (var host in Enumerable.Reverse(_hosts)) await EndAsync(host);

        Authority.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>Whether it is let in. A host that is not tries for ever, so what counts is the first connection that is refused.</summary>
    private async Task<bool> TryStartAsync(IHost host, Refusal refusal)
    {
        using var enough = new CancellationTokenSource();
        var start = host.StartAsync(enough.Token);
        if (await Task.WhenAny(start, refusal.Seen).WaitAsync(Patience) == start && start.IsCompletedSuccessfully)
        {
            _hosts.Add(host);
            return true;
        }

        await enough.CancelAsync();
        await start.ContinueWith(_ => { }, TaskScheduler.Default).WaitAsync(Patience);
        await EndAsync(host);
        return false;
    }

    private static async Task EndAsync(IHost host)
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await host.StopAsync(atOnce.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        var directory = host.Services.GetService(GrainDirectory);
        host.Dispose();
        // Where the stop came to its end it has been stopped.
        if (directory is not null) await ((Task)GrainDirectory.GetMethod("StopAsync")!.Invoke(directory, null)!).ContinueWith(_ => { }, TaskScheduler.Default);
    }

    /// <summary>
    /// In a silo that did not have the time to stop, it asks a stream that has ended for its next item, again and again and without a pause: it would take a
    /// processor from all tests that come later.
    /// </summary>
    private static readonly Type GrainDirectory = Type.GetType("Orleans.Runtime.GrainDirectory.LocalGrainDirectory, Orleans.Runtime", throwOnError: true)!;

    /// <summary>Hears the host say that a connection of its own did not come about.</summary>
    private sealed class Refusal : ILoggerProvider, ILogger
    {
        private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Seen => _seen.Task;

        public ILogger CreateLogger(string categoryName) => categoryName == "Orleans.Runtime.Messaging.ConnectionManager" ? this : NullLogger.Instance;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (exception is not null) _seen.TrySetResult();
        }

        public void Dispose()
        {
        }
    }
}
