using Microsoft.Extensions.Logging;
using OrleansJobs.Membership;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>
/// One per silo. On start and on every change of the membership it wakes the partitions that belong to this silo, here; awake, they give
/// the leases of the dead out again. Nothing is polled: the reminder of a partition is only the backstop.
/// </summary>
internal sealed partial class PartitionKeeper(
    IGrainFactory grains, GridSilos silos, ILocalSiloDetails silo, TimeProvider time, ILogger<PartitionKeeper> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);
    private readonly ILogger _logger = logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly HashSet<SiloAddress> _dead = [];
    private SiloAddress[] _owners = [];
    private Task _watching = Task.CompletedTask;

    /// <summary>The silos by which all partitions of this silo are awake and at home; null while some are not.</summary>
    public GridView? Settled { get; private set; }

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
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await foreach (var view in silos.FollowAsync(_stopping.Token)) await FollowAsync(view);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                LogBroken(exception);
            }

            await Task.Delay(RetryDelay, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FollowAsync(GridView view)
    {
        if (!view.Active.Contains(silo.SiloAddress)) return;
        var lost = view.Members.Members.Values.Count(member => member.Status == SiloStatus.Dead && _dead.Add(member.SiloAddress));
        var owners = view.Owners;
        if (lost == 0 && Settled is not null && owners.AsSpan().SequenceEqual(_owners))
        {
            Settled = view;
            return;
        }

        var mine = Enumerable.Range(0, owners.Length).Where(partition => owners[partition].Equals(silo.SiloAddress)).ToList();
        LogFollowing(mine.Count, lost);
        _owners = owners;
        Settled = null;
        if ((await Task.WhenAll(mine.Select(partition => WakeAsync(partition, view)))).All(awake => awake)) Settled = view;
    }

    /// <summary>Until it is awake and here, or there is other news.</summary>
    private async Task<bool> WakeAsync(int partition, GridView view)
    {
        while (!_stopping.IsCancellationRequested)
        {
            if (await TryWakeAsync(partition, view.Members.Version)) return true;
            if (silos.Current != view) return false;
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

    [LoggerMessage(LogLevel.Error, "Following the membership broke off; beginning anew")]
    private partial void LogBroken(Exception exception);
}
