using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Tests.Bench;

/// <summary>Two are compared at a durability that both have.</summary>
public sealed class PeersTests
{
    [Theory]
    [InlineData(null, nameof(Durability.None))]
    [InlineData("bullmq", nameof(Durability.None))]
    [InlineData("rabbitmq-classic", nameof(Durability.None))]
    [InlineData("rabbitmq-quorum", nameof(Durability.Always))]
    public void Agree_WhereNothingIsAsked_IsTheLeastThatThePeerHas(string? peer, string durability) => Assert.Equal(durability, Peers.Agree(peer, null).ToString());

    [Theory]
    [InlineData("rabbitmq-classic", Durability.Always)]
    [InlineData("rabbitmq-classic", Durability.EverySec)]
    [InlineData("rabbitmq-quorum", Durability.None)]
    public void Agree_OnWhatThePeerHasNot_SaysWhatItHas(string peer, object durability)
    {
        var exception = Assert.Throws<ArgumentException>(() => Peers.Agree(peer, (Durability)durability));

        Assert.Contains(peer == "rabbitmq-quorum" ? "always" : "none", exception.Message);
    }

    [Fact]
    public async Task Create_KnowsEachPeer_AndSaysWhatItSyncsAtEachOfItsDurabilities()
    {
        foreach (var name in (string[])[.. Peers.Queues, .. Peers.Brokers])
        {
            var synced = new List<string>();
            foreach (var durability in Peers.DurabilitiesOf(name))
            {
                await using var peer = Peers.Create(name, new Stage { Durability = durability });
                Assert.Equal(name, peer.Name);
                synced.Add(peer.Synced);
            }

            Assert.All(synced, Assert.NotEmpty);
            if (synced.Count > 1) Assert.NotEqual(synced[0], synced[^1]);
        }
    }
}
