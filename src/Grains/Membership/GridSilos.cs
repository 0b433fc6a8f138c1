using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Orleans.Metadata;
using OrleansJobs.Partitions;

namespace OrleansJobs.Membership;

/// <summary>
/// Which silos host the grid: the one list for where partitions live, who wakes them, and who is told and asked. Made of the cluster's membership
/// and of what each silo says of itself.
/// </summary>
internal sealed class GridSilos(IClusterMembershipService membership, IClusterManifestProvider manifests, ILocalSiloDetails local)
{
    private readonly Lock _making = new();
    private volatile GridView? _view;

    /// <summary>What is known now. The same object for as long as it says the same: another one is news to those who compare.</summary>
    public GridView Current
    {
        get
        {
            if (Known(out _, out _) is { } known) return known;
            lock (_making) return Known(out var members, out var manifest) ?? (_view = new GridView(members, manifest, local.SiloAddress));
        }
    }

    /// <summary>What is known now, and again whenever there is news; what was overtaken is left out.</summary>
    public async IAsyncEnumerable<GridView> FollowAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var listening = Task.WhenAll(ListenAsync(membership.MembershipUpdates, news.Writer, ending.Token), ListenAsync(manifests.Updates, news.Writer, ending.Token));
        try
        {
            await foreach (var _ in news.Reader.ReadAllAsync(cancellation)) yield return Current;
        }
        finally
        {
            await ending.CancelAsync();
            await listening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private GridView? Known(out ClusterMembershipSnapshot members, out ClusterManifest manifest)
    {
        (members, manifest) = (membership.CurrentSnapshot, manifests.Current);
        return _view is { } view && view.Members.Version == members.Version && view.Manifest.Version == manifest.Version ? view : null;
    }

    private static async Task ListenAsync<T>(IAsyncEnumerable<T> updates, ChannelWriter<bool> news, CancellationToken cancellation)
    {
        try
        {
            await foreach (var _ in updates.WithCancellation(cancellation)) news.TryWrite(true);
            news.TryComplete();
        }
        catch (Exception exception)
        {
            news.TryComplete(exception);
        }
    }
}

/// <summary>The silos of one moment.</summary>
/// <param name="local">Whoever looks.</param>
internal sealed class GridView(ClusterMembershipSnapshot members, ClusterManifest manifest, SiloAddress local)
{
    private SiloAddress[]? _owners;

    public ClusterMembershipSnapshot Members => members;
    public ClusterManifest Manifest => manifest;

    /// <summary>
    /// Active silos that host the grid, in an order that all silos share. One that has just joined counts once it has said that it does; those that were there
    /// before whoever looks are taken to, until they have said otherwise: a silo that is active before it has heard of the others would take all for its own.
    /// </summary>
    public ImmutableArray<SiloAddress> Active { get; } =
        [.. members.Members.Values.Where(member => member.Status == SiloStatus.Active && Counts(manifest, member.SiloAddress, local)).Select(member => member.SiloAddress).Order()];

    /// <summary>Silos that what must be known everywhere is told to: those that are on their way, and may host the grid, as well.</summary>
    public IEnumerable<SiloAddress> ActiveOrJoining => members.Members.Values
        .Where(member => member.Status is SiloStatus.Active or SiloStatus.Joining && Hosts(manifest, member.SiloAddress) != false).Select(member => member.SiloAddress);

    /// <summary>The partitions of the grid; 0 where no silo hosts one.</summary>
    public int Partitions { get; } = manifest.Silos.Values.Select(GridMark.PartitionsOf).OfType<int>().FirstOrDefault();

    /// <summary>The silo that each partition belongs to; empty where no silo hosts the grid.</summary>
    public SiloAddress[] Owners => _owners ??= PartitionAssignment.Assign(Partitions, Active);

    /// <summary>Whether a silo has said that it hosts the grid, as far as this view goes.</summary>
    public bool HasSaidSo(SiloAddress silo) => Hosts(manifest, silo) == true;

    private static bool Counts(ClusterManifest manifest, SiloAddress silo, SiloAddress local) => Hosts(manifest, silo) ?? silo.Generation < local.Generation;

    private static bool? Hosts(ClusterManifest manifest, SiloAddress silo) =>
        manifest.Silos.TryGetValue(silo, out var says) ? GridMark.PartitionsOf(says) is not null : null;
}
