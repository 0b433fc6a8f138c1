namespace OrleansJobs.Tests.Connections;

/// <summary>Who gets into a cluster that asks for certificates.</summary>
public class ClusterTlsTests
{
    [Fact]
    public async Task SilosAndClients_WithACertificate_AreLetIn_AndOthersAreNot()
    {
        await using var cluster = new TlsCluster();
        using var stranger = new TestAuthority("somebody else's");
        var (own, other) = (cluster.Folder("own"), cluster.Folder("other"));
        cluster.Authority.Issue(own, "grid.test");
        // Believes the cluster, and is not believed.
        stranger.Issue(other, "grid.test", cluster.Authority);

        var first = (await cluster.StartSiloAsync(own))!.Value;
        var second = (await cluster.StartSiloAsync(own))!.Value;
        Assert.Equal(2, await cluster.CountSilosAsync(second.Clients, own));

        Assert.Null(await cluster.CountSilosAsync(first.Clients, null));
        Assert.Null(await cluster.CountSilosAsync(first.Clients, other));
        Assert.Null(await cluster.StartSiloAsync(null));
        Assert.Null(await cluster.StartSiloAsync(other));
        // The cluster is as it was, and still takes in whom it should.
        Assert.Equal(2, await cluster.CountSilosAsync(first.Clients, own));
    }

    [Fact]
    public async Task Certificates_WhenRenewed_AreThoseOfNewConnections()
    {
        await using var cluster = new TlsCluster();
        var own = cluster.Folder("own");
        var old = cluster.Authority.Issue(own, "grid.test");
        var ports = (await cluster.StartSiloAsync(own))!.Value;
        Assert.Equal(old, await TlsCluster.ShownAsync(ports.Clients, own));
        Assert.Equal(1, await cluster.CountSilosAsync(ports.Clients, own));

        var renewed = cluster.Authority.Issue(own, "grid.test");
        Assert.NotEqual(old, renewed);
        Assert.Equal(renewed, await TlsCluster.ShownAsync(ports.Clients, own));
        Assert.Equal(renewed, await TlsCluster.ShownAsync(ports.Silos, own));
        Assert.Equal(1, await cluster.CountSilosAsync(ports.Clients, own));

        // Half-replaced, or broken: the last good ones serve on.
        var client = cluster.Folder("client");
        cluster.Authority.Issue(client, "grid.test");
        File.WriteAllText(Path.Combine(own, "tls.key"), File.ReadAllText(Path.Combine(client, "tls.key")));
        Assert.Equal(renewed, await TlsCluster.ShownAsync(ports.Clients, client));
        File.WriteAllText(Path.Combine(own, "tls.crt"), "no certificate");
        Assert.Equal(renewed, await TlsCluster.ShownAsync(ports.Clients, client));
    }

    [Fact]
    public async Task Authorities_WhenReplaced_LetTheOldOnesCertificatesInNoMore()
    {
        await using var cluster = new TlsCluster();
        using var next = new TestAuthority("the next");
        var (own, client) = (cluster.Folder("own"), cluster.Folder("client"));
        cluster.Authority.Issue(own, "grid.test");
        cluster.Authority.Issue(client, "client.test");
        var ports = (await cluster.StartSiloAsync(own))!.Value;
        Assert.Equal(1, await cluster.CountSilosAsync(ports.Clients, client));
        next.Issue(own, "grid.test");
        Assert.Null(await cluster.CountSilosAsync(ports.Clients, client));
        next.Issue(client, "client.test");
        Assert.Equal(1, await cluster.CountSilosAsync(ports.Clients, client));
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("server only")]
    [InlineData("other name")]
    public async Task Clients_WhoseCertificateIsNotGoodForIt_AreNotLetIn(string what)
    {
        await using var cluster = new TlsCluster();
        var (own, client) = (cluster.Folder("own"), cluster.Folder("client"));
        cluster.Authority.Issue(own, "grid.test");
        cluster.Authority.Issue(
            client, what == "other name" ? "other.test" : "grid.test", usages: what == "server only" ? [TestAuthority.ServerAuthentication] : null, days: what == "expired" ? 0.5 : 30);
        var ports = (await cluster.StartSiloAsync(own, "grid.test"))!.Value;
        Assert.Null(await cluster.CountSilosAsync(ports.Clients, client));
        Assert.Equal(1, await cluster.CountSilosAsync(ports.Clients, own, "grid.test"));
    }
}
