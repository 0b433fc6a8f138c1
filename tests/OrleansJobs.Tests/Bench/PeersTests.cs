using OrleansJobs.Bench;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;
using OrleansJobs.Bench.Processes;
using OrleansJobs.Bench.Questions;

namespace OrleansJobs.Tests.Bench;

/// <summary>All are compared at a durability that each of them has.</summary>
public sealed class PeersTests
{
    [Theory]
    [InlineData("", nameof(Durability.None))]
    [InlineData("bullmq", nameof(Durability.None))]
    [InlineData("rabbitmq-classic", nameof(Durability.None))]
    [InlineData("rabbitmq-quorum", nameof(Durability.Always))]
    [InlineData("bullmq,celery", nameof(Durability.None))]
    [InlineData("bullmq,rabbitmq-quorum,streams", nameof(Durability.Always))]
    public void Agree_WhereNothingIsAsked_IsTheLeastThatAllPeersHave(string peers, string durability) =>
        Assert.Equal(durability, Peers.Agree(peers.Split(',', StringSplitOptions.RemoveEmptyEntries), null).ToString());

    [Fact]
    public void Agree_OfPeersWithNothingInCommon_SaysWhatEachHas()
    {
        var exception = Assert.Throws<ArgumentException>(() => Peers.Agree(["rabbitmq-classic", "streams", "rabbitmq-quorum"], null));

        Assert.Contains("rabbitmq-classic has none; streams has none, everysec, always; rabbitmq-quorum has always", exception.Message);
    }

    [Fact]
    public void Agree_OnWhatOneOfSeveralHasNot_NamesThatOne() =>
        Assert.StartsWith("rabbitmq-classic ", Assert.Throws<ArgumentException>(() => Peers.Agree(["streams", "rabbitmq-classic"], Durability.Always)).Message);

    [Theory]
    [InlineData("rabbitmq-classic", Durability.Always)]
    [InlineData("rabbitmq-classic", Durability.EverySec)]
    [InlineData("rabbitmq-quorum", Durability.None)]
    public void Agree_OnWhatThePeerHasNot_SaysWhatItHas(string peer, object durability)
    {
        var exception = Assert.Throws<ArgumentException>(() => Peers.Agree([peer], (Durability)durability));

        Assert.Contains(peer == "rabbitmq-quorum" ? "always" : "none", exception.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("--against bullmq", "bullmq")]
    [InlineData("--against bullmq,celery", "bullmq", "celery")]
    [InlineData("--against celery --against bullmq", "celery", "bullmq")]
    public void Against_NamesPeersByCommasOrAgain_AndTheyAreAskedInThatOrderAfterOurs(string line, params string[] peers)
    {
        var parsed = QuestionCommand.For(new OrleansJobs.Bench.Questions.Schedules()).Parse(line);
        var against = parsed.GetValue<string[]>("--against") ?? [];

        Assert.Empty(parsed.Errors);
        Assert.Equal(peers, against);
        Assert.Equal([Report.Ours, .. peers], Runner.Contenders(new Settings { Against = against }));
        Assert.Equal(peers.Length > 0 ? peers : [Report.Ours], Runner.Contenders(new Settings { Against = against, Alone = true }));
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
