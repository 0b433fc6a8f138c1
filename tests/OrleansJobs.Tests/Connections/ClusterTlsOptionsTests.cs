using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansJobs.Connections;

namespace OrleansJobs.Tests.Connections;

public sealed class ClusterTlsOptionsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("oj-tls-options-");

    [Fact]
    public void Section_WhenEmpty_IsOff()
    {
        Assert.True(Validate(new()).Succeeded);
        Assert.False(Certificates(new()).IsOn);
    }

    [Theory]
    [InlineData("Certificate")]
    [InlineData("Key")]
    [InlineData("Authorities")]
    public void Section_WhenHalfOfItIsThere_IsRefusedByName(string missing)
    {
        var tls = Whole();
        typeof(ClusterTlsOptions).GetProperty(missing)!.SetValue(tls, null);
        Assert.Contains(Validate(tls).Failures!, failure => failure.StartsWith($"ClusterTls:{missing} must be set", StringComparison.Ordinal));
        typeof(ClusterTlsOptions).GetProperty(missing)!.SetValue(tls, "/nowhere.pem");
        Assert.Contains(Validate(tls).Failures!, failure => failure.StartsWith($"ClusterTls:{missing} is '/nowhere.pem'", StringComparison.Ordinal));
    }

    [Fact]
    public void Peers_AloneOrNoNames_AreRefused()
    {
        var alone = new ClusterTlsOptions();
        alone.Peers.Add("grid.test");
        Assert.True(Validate(alone).Failed);
        var wrong = Whole();
        Assert.True(Validate(wrong).Succeeded);
        wrong.Peers.Add("not a name");
        Assert.Contains(Validate(wrong).Failures!, failure => failure.StartsWith("ClusterTls:Peers:0", StringComparison.Ordinal));
    }

    [Fact]
    public void Certificates_WhenWrongFromTheStart_AreSaidSo()
    {
        var tls = Whole();
        File.WriteAllText(tls.Authorities!, "");
        Assert.Contains("ClusterTls:Authorities", Assert.Throws<InvalidOperationException>(() => Certificates(tls).Current).Message, StringComparison.Ordinal);
        var other = Whole();
        var key = File.ReadAllText(other.Key!);
        File.WriteAllText(Whole().Key!, key);
        Assert.Throws<InvalidOperationException>(() => Certificates(other).Current);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private ClusterTlsOptions Whole()
    {
        using var authority = new TestAuthority("a");
        authority.Issue(_folder.FullName, "grid.test");
        var tls = new ClusterTlsOptions();
        TlsCluster.Fill(tls, _folder.FullName, []);
        return tls;
    }

    private static ValidateOptionsResult Validate(ClusterTlsOptions tls) => new ClusterTlsOptionsValidator().Validate(null, tls);

    private static ClusterCertificates Certificates(ClusterTlsOptions tls) => new(Options.Create(tls), NullLogger<ClusterCertificates>.Instance);
}
