using Microsoft.Extensions.Logging;
using OrleansJobs.Diagnostics;

namespace OrleansJobs.Hosting;

/// <summary>
/// Notices that this process has stood still: SIGSTOP, a frozen virtual machine, a host out of memory. The others may have given its silo up
/// meanwhile, and what it remembers of jobs is old then. Before it answers from memory again it asks the membership; a silo that was given up
/// says so instead of answering, and ends.
/// </summary>
internal sealed partial class StandstillGuard(IClusterMembershipService membership, ILocalSiloDetails silo, TimeProvider time, ILogger<StandstillGuard> logger)
    : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    /// <summary>A silo is given up after three missed probes of three seconds each, and not before.</summary>
    public static readonly TimeSpan Harmless = TimeSpan.FromSeconds(5);

    private readonly ILogger _logger = logger;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private long _beat = time.GetTimestamp();
    private volatile bool _doubtful;
    private Task? _asking;
    private Task _beating = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe<StandstillGuard>(
        ServiceLifecycleStage.ApplicationServices,
        _ =>
        {
            Volatile.Write(ref _beat, time.GetTimestamp());
            _beating = BeatAsync();
            return Task.CompletedTask;
        },
        async _ =>
        {
            await _stop.CancelAsync();
            await _beating;
        });

    /// <summary>Completed at once, unless the process has stood still and has not heard yet that its silo is still a member.</summary>
    /// <exception cref="SiloUnavailableException">The silo was given up, or the membership cannot be read.</exception>
    public ValueTask ConfirmAsync()
    {
        if (!_doubtful && time.GetElapsedTime(Volatile.Read(ref _beat)) < Harmless) return default;
        _doubtful = true;
        return Sabotage.IsOff(Safeguard.Standstill) ? default : new(AskOnceAsync());
    }

    private async Task BeatAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(Beat, time, _stop.Token);
                // In doubt before the beat: nobody may slip through between the two.
                if (time.GetElapsedTime(_beat) >= Harmless) _doubtful = true;
                Volatile.Write(ref _beat, time.GetTimestamp());
            }
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }

    private Task AskOnceAsync()
    {
        lock (_lock) return _asking ??= Task.Run(AskAsync);
    }

    private async Task AskAsync()
    {
        try
        {
            LogStoodStill(silo.SiloAddress);
            await membership.Refresh(cancellationToken: _stop.Token);
            if (!membership.CurrentSnapshot.Members.TryGetValue(silo.SiloAddress, out var me) || me.Status == SiloStatus.Dead)
                throw new SiloUnavailableException("This silo stood still for so long that the others have given it up.");
            _doubtful = false;
        }
        catch (Exception exception) when (exception is not SiloUnavailableException)
        {
            throw new SiloUnavailableException("This silo stood still and cannot find out whether it is still a member.", exception);
        }
        finally
        {
            lock (_lock) _asking = null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Silo {Silo} stood still for seconds; it asks whether it is still a member before it answers from memory")]
    private partial void LogStoodStill(SiloAddress silo);
}
