using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace OrleansJobs.Connections;

/// <summary>What a process shows to others, and whom it believes.</summary>
internal sealed record ClusterIdentity(SslStreamCertificateContext Own, X509Certificate2Collection Authorities);

/// <summary>
/// The certificates of this process, as they stand in their files. The files are looked at for each new connection, of which there are few, rather
/// than watched: a mounted secret is swapped by a link, which watchers miss. While they are being replaced, or are wrong, the last good ones serve.
/// </summary>
internal sealed partial class ClusterCertificates(IOptions<ClusterTlsOptions> options, ILogger<ClusterCertificates> logger)
{
    /// <summary>Bytes of one file; more is no certificate.</summary>
    private const int LargestFile = 1 << 20;

    private readonly Lock _lock = new();
    private readonly ILogger _logger = logger;
    private byte[]? _seen;
    private ClusterIdentity? _identity;

    public bool IsOn => options.Value.IsOn;

    /// <exception cref="InvalidOperationException">There were no good files yet.</exception>
    public ClusterIdentity Current
    {
        get
        {
            lock (_lock)
            {
                try
                {
                    Look();
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException or InvalidDataException)
                {
                    if (_identity is null) throw new InvalidOperationException($"The certificates of {ClusterTlsOptions.Section} cannot be read: {exception.Message}", exception);
                    LogNotRead(exception);
                }

                return _identity!;
            }
        }
    }

    private void Look()
    {
        var (certificate, key, authorities) = (Read(options.Value.Certificate!), Read(options.Value.Key!), Read(options.Value.Authorities!));
        var seen = SHA256.HashData([.. SHA256.HashData(certificate), .. SHA256.HashData(key), .. SHA256.HashData(authorities)]);
        if (_seen.AsSpan().SequenceEqual(seen)) return;
        _identity = Make(Text(certificate), Text(key), Text(authorities));
        _seen = seen;
        var own = _identity.Own.TargetCertificate;
        LogRead(own.Subject, own.Thumbprint, own.NotAfter.ToUniversalTime());
    }

    private static ClusterIdentity Make(string certificate, string key, string authorities)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(certificate);
        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(authorities);
        if (roots.Count == 0) throw new InvalidDataException($"{ClusterTlsOptions.Section}:Authorities has no certificate in it.");
        // Fails where the key is another's, as it is for a moment while both are replaced one after the other.
        var own = X509Certificate2.CreateFromPem(certificate, key);
        return new(SslStreamCertificateContext.Create(own, chain, offline: true), roots);
    }

    private static byte[] Read(string path)
    {
        using var file = File.OpenRead(path);
        if (file.Length > LargestFile) throw new InvalidDataException($"{path} is longer than {LargestFile} bytes.");
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static string Text(byte[] pem) => System.Text.Encoding.UTF8.GetString(pem);

    [LoggerMessage(LogLevel.Information, "New connections of the cluster show {Subject}, {Thumbprint}, which is good until {NotAfter:O}")]
    private partial void LogRead(string subject, string thumbprint, DateTime notAfter);

    [LoggerMessage(LogLevel.Error, "The certificates of the cluster cannot be read as they stand; those read before serve on")]
    private partial void LogNotRead(Exception exception);
}
