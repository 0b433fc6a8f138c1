using System.Collections.Immutable;
using Orleans.Metadata;
using Orleans.Runtime.Placement;
using OrleansJobs.Membership;
using OrleansJobs.Partitions;

namespace OrleansJobs.Tests.Cluster;

public class GridSilosTests
{
    /// <summary>Those who compare what they went by with what is known now would take another object for news.</summary>
    [Fact]
    public async Task Current_WhenAskedByTwoAtOnce_IsTheSameObject()
    {
        var cluster = new FakeCluster { Looks = 2 };
        var silos = new GridSilos(cluster, cluster, cluster);
        var views = await Task.WhenAll(Task.Run(() => silos.Current), Task.Run(() => silos.Current)).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Same(views[0], views[1]);
        Assert.Same(views[0], silos.Current);
    }

    /// <summary>A silo that has just joined takes the older ones to host the grid until they have said so, and starts nothing there before: they may not know the grain.</summary>
    [Fact]
    public async Task APartition_IsNotStarted_OnASiloThatHasNotSaidThatItHostsTheGrid()
    {
        var cluster = new FakeCluster();
        var (local, older) = (cluster.SiloAddress, SiloAddress.FromParsableString("127.0.0.1:11112@4"));
        cluster.Members = [local, older];
        var director = new PartitionPlacementDirector(new GridSilos(cluster, cluster, cluster));
        Task<SiloAddress> PlaceAsync(int partition) =>
            director.OnAddActivation(new PartitionPlacement(), new PlacementTarget(GrainId.Create("jobpartition", partition.ToString("X")), [], default, 0), null!);

        // Nobody has said anything: how many partitions there are is not known either.
        await Assert.ThrowsAsync<SiloUnavailableException>(() => PlaceAsync(0));
        cluster.Say(local, partitions: 8);
        var placed = 0;
        for (var partition = 0; partition < 8; partition++)
        {
            try
            {
                Assert.Equal(local, await PlaceAsync(partition));
                placed++;
            }
            catch (SiloUnavailableException)
            {
                // It is the other's share.
            }
        }

        Assert.Equal(4, placed);
        cluster.Say(older, partitions: 8);
        Assert.Equal([4, 4], (await Task.WhenAll(Enumerable.Range(0, 8).Select(PlaceAsync))).GroupBy(silo => silo).Select(silo => silo.Count()));
        await Assert.ThrowsAsync<ArgumentException>(() => PlaceAsync(8));
    }

    /// <summary>As many as are to look first see it at the same time.</summary>
    private sealed class FakeCluster : IClusterMembershipService, IClusterManifestProvider, ILocalSiloDetails
    {
        private readonly CountdownEvent _looking = new(2);
        private int _looks;
        private ClusterManifest _manifest = new(new MajorMinorVersion(1, 1), ImmutableDictionary<SiloAddress, GrainManifest>.Empty);

        public int Looks { get; init; }

        public SiloAddress[] Members { get; set; } = [];

        public ClusterMembershipSnapshot CurrentSnapshot
        {
            get
            {
                if (Interlocked.Increment(ref _looks) <= Looks)
                {
                    _looking.Signal();
                    Assert.True(_looking.Wait(TimeSpan.FromSeconds(30)), "Nobody else looked.");
                }

                return new(Members.ToImmutableDictionary(silo => silo, silo => new ClusterMember(silo, SiloStatus.Active, "silo")), new MembershipVersion(1));
            }
        }

        public ClusterManifest Current => _manifest;

        public void Say(SiloAddress silo, int partitions)
        {
            var mark = new GrainProperties(ImmutableDictionary.Create<string, string>(StringComparer.Ordinal).Add("oj.partitions", $"{partitions}"));
            var says = new GrainManifest(
                ImmutableDictionary<GrainType, GrainProperties>.Empty.Add(GrainType.Create("jobpartition"), mark), ImmutableDictionary<GrainInterfaceType, GrainInterfaceProperties>.Empty);
            _manifest = new(new MajorMinorVersion(1, _manifest.Version.Minor + 1), _manifest.Silos.Add(silo, says));
        }

        public SiloAddress SiloAddress { get; } = SiloAddress.FromParsableString("127.0.0.1:11111@5");

        public string Name => "silo";

        public string ClusterId => "cluster";

        public string DnsHostName => "silo";

        public SiloAddress GatewayAddress => SiloAddress;

        public GrainManifest LocalGrainManifest => throw new NotSupportedException();

        public IAsyncEnumerable<ClusterManifest> Updates => throw new NotSupportedException();

        public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => throw new NotSupportedException();

        public ValueTask Refresh(MembershipVersion minimumVersion) => throw new NotSupportedException();

        public ValueTask Refresh(MembershipVersion minimumVersion, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> TryKill(SiloAddress siloAddress) => throw new NotSupportedException();
    }
}
