using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OrleansJobs.Tests.Connections;

/// <summary>A certificate authority of a test's own, that writes what it signs into files as a secret is mounted.</summary>
internal sealed class TestAuthority : IDisposable
{
    public const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    public const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2 _root;

    public TestAuthority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        _root = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(365));
    }

    public string RootPem => _root.ExportCertificatePem();

    /// <summary>Writes <c>tls.crt</c>, <c>tls.key</c> and <c>ca.crt</c>.</summary>
    /// <param name="authorities">Whom the owner believes; absent: the one that signs.</param>
    /// <param name="days">How long it is good for, from yesterday on.</param>
    /// <returns>The thumbprint.</returns>
    public string Issue(string folder, string name, TestAuthority? authorities = null, string[]? usages = null, double days = 30)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        var purposes = new OidCollection();
        foreach (var usage in usages ?? [ServerAuthentication, ClientAuthentication]) purposes.Add(new Oid(usage));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(purposes, critical: false));
        var begin = TimeProvider.System.GetUtcNow().AddDays(-1);
        using var certificate = request.Create(_root, begin, begin.AddDays(days), RandomNumberGenerator.GetBytes(16));
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "tls.crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "tls.key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Path.Combine(folder, "ca.crt"), (authorities ?? this).RootPem);
        return certificate.Thumbprint;
    }

    public void Dispose() => _root.Dispose();
}
