using System.Collections.Immutable;
using Orleans.Metadata;
using OrleansJobs.Membership;

namespace OrleansJobs.Tests.Cluster;

public class GridSilosTests
{
    /// <summary>Those who compare what they went by with what is known now would take another object for news.</summary>
    [Fact]
    public async Task Current_WhenAskedByTwoAtOnce_IsTheSameObject()
    {
        var cluster = new FakeCluster();
        var silos = new GridSilos(cluster, cluster, cluster);
        var views = await Task.WhenAll(Task.Run(() => silos.Current), Task.Run(() => silos.Current)).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Same(views[0], views[1]);
        Assert.Same(views[0], silos.Current);
    }

    /// <summary>The first two who look at it see it at the same time.</summary>
    private sealed class FakeCluster : IClusterMembershipService, IClusterManifestProvider, ILocalSiloDetails
    {
        private readonly CountdownEvent _looking = new(2);
        private int _looks;

        public ClusterMembershipSnapshot CurrentSnapshot
        {
            get
            {
                if (Interlocked.Increment(ref _looks) <= 2)
                {
                    _looking.Signal();
                    Assert.True(_looking.Wait(TimeSpan.FromSeconds(30)), "Nobody else looked.");
                }

                return new(ImmutableDictionary<SiloAddress, ClusterMember>.Empty, new MembershipVersion(1));
            }
        }

        public ClusterManifest Current { get; } = new(new MajorMinorVersion(1, 1), ImmutableDictionary<SiloAddress, GrainManifest>.Empty);

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
