using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Connections.Security;

namespace OrleansJobs.Connections;

/// <summary>Who is let in, on either side of a connection.</summary>
internal sealed partial class PeerRules(ClusterCertificates certificates, IOptions<ClusterTlsOptions> options, ILogger<PeerRules> logger)
{
    private readonly ILogger _logger = logger;

    public TlsOptions Tls() => new()
    {
        // Not asked for: what stands in OnAuthenticate comes after it, and brings the intermediate certificates along.
        LocalServerCertificateSelector = (_, _) => certificates.Current.Own.TargetCertificate,
        RemoteCertificateMode = RemoteCertificateMode.RequireCertificate,
        RemoteCertificateValidation = IsLetIn,
        SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        OnAuthenticateAsServer = (_, server) =>
        {
            var identity = certificates.Current;
            server.ServerCertificateSelectionCallback = null;
            var ssl = (SslServerAuthenticationOptions)server.SslServerAuthenticationOptions;
            ssl.ServerCertificateContext = identity.Own;
            ssl.CertificateChainPolicy = PolicyOf(identity);
            // A resumed session would go by what was shown before.
            ssl.AllowTlsResume = false;
        },
        OnAuthenticateAsClient = (_, client) =>
        {
            var identity = certificates.Current;
            client.LocalCertificateSelectionCallback = null;
            var ssl = (SslClientAuthenticationOptions)client.SslClientAuthenticationOptions;
            ssl.ClientCertificateContext = identity.Own;
            ssl.CertificateChainPolicy = PolicyOf(identity);
            ssl.AllowTlsResume = false;
            // Silos are reached at addresses that no certificate knows beforehand: who they are is said by who signed them, and by Peers.
            ssl.TargetHost = "";
        },
    };

    /// <summary>Of the cluster's own authorities only, and without asking anybody: what an authority withdraws is withdrawn by replacing it.</summary>
    private static X509ChainPolicy PolicyOf(ClusterIdentity identity)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(identity.Authorities);
        return policy;
    }

    private bool IsLetIn(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if ((errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) != SslPolicyErrors.None)
        {
            LogNotTrusted(certificate.Subject, errors, string.Join(", ", chain?.ChainStatus.Select(status => status.Status) ?? []));
            return false;
        }

        var names = options.Value.Peers;
        if (names.Count == 0 || NamesOf(certificate).Any(name => names.Contains(name, StringComparer.OrdinalIgnoreCase))) return true;
        LogOtherName(certificate.Subject, string.Join(", ", names));
        return false;
    }

    private static IEnumerable<string> NamesOf(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(names => names.EnumerateDnsNames());

    [LoggerMessage(LogLevel.Warning, "A connection of the cluster is refused: the certificate of {Subject} is not trusted: {Errors} {Status}")]
    private partial void LogNotTrusted(string subject, SslPolicyErrors errors, string status);

    [LoggerMessage(LogLevel.Warning, "A connection of the cluster is refused: the certificate of {Subject} carries none of the names {Names}")]
    private partial void LogOtherName(string subject, string names);
}
