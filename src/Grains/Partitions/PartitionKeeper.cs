using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobs.Hosting;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>
/// One per silo. On start and on every change of the membership it wakes the partitions that belong to this silo, here; awake, they give
/// the leases of the dead out again. Nothing is polled: the reminder of a partition is only the backstop.
/// </summary>
internal sealed partial class PartitionKeeper(
    IGrainFactory grains, IClusterMembershipService membership, ILocalSiloDetails silo, IOptions<JobGridOptions> options, TimeProvider time,
    ILogger<PartitionKeeper> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);
    private readonly ILogger _logger = logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly HashSet<SiloAddress> _dead = [];
    private SiloAddress[] _owners = [];
    private bool _awake;
    private Task _watching = Task.CompletedTask;

    /// <summary>The silo has drained, and stops.</summary>
    public CancellationToken Closing => _stopping.Token;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe<PartitionKeeper>(ServiceLifecycleStage.Active, _ =>
        {
            _watching = Task.Run(WatchAsync, CancellationToken.None);
            return Task.CompletedTask;
        }, async _ =>
        {
            await _stopping.CancelAsync();
            await _watching;
        });

    private async Task WatchAsync()
    {
        try
        {
            await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(_stopping.Token))
            {
                await FollowAsync(snapshot);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
        }
        catch (Exception exception)
        {
            LogBroken(exception);
        }
    }

    private async Task FollowAsync(ClusterMembershipSnapshot snapshot)
    {
        var active = snapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress).ToList();
        if (!active.Contains(silo.SiloAddress)) return;
        var lost = snapshot.Members.Values.Count(member => member.Status == SiloStatus.Dead && _dead.Add(member.SiloAddress));
        var owners = PartitionAssignment.Assign(options.Value.Partitions, active);
        if (lost == 0 && _awake && owners.AsSpan().SequenceEqual(_owners)) return;
        var mine = Enumerable.Range(0, owners.Length).Where(partition => owners[partition].Equals(silo.SiloAddress)).ToList();
        LogFollowing(mine.Count, lost);
        _owners = owners;
        _awake = (await Task.WhenAll(mine.Select(partition => WakeAsync(partition, snapshot.Version)))).All(awake => awake);
    }

    /// <summary>Until it is awake and here, or there is other news.</summary>
    private async Task<bool> WakeAsync(int partition, MembershipVersion version)
    {
        while (!_stopping.IsCancellationRequested)
        {
            if (await TryWakeAsync(partition, version)) return true;
            if (membership.CurrentSnapshot.Version > version) return false;
            await Task.Delay(RetryDelay, time, CancellationToken.None);
        }

        return false;
    }

    private async Task<bool> TryWakeAsync(int partition, MembershipVersion version)
    {
        try
        {
            return await grains.GetGrain<IPartitionWork>(partition).Wake(silo.SiloAddress, version);
        }
        catch (Exception exception)
        {
            if (!_stopping.IsCancellationRequested) LogNotReached(exception, partition);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Information, "Membership changed: {Mine} partitions belong to this silo, {Lost} silos are newly dead")]
    private partial void LogFollowing(int mine, int lost);

    [LoggerMessage(LogLevel.Warning, "Partition {Partition} cannot be reached; trying again")]
    private partial void LogNotReached(Exception exception, int partition);

    [LoggerMessage(LogLevel.Error, "Following the membership broke off; reminders wake the partitions of this silo from now on")]
    private partial void LogBroken(Exception exception);
}
