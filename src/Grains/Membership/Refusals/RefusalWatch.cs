using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using OrleansJobs.Diagnostics;

namespace OrleansJobs.Membership;

/// <summary>
/// Finds out within a second or two that the process of a silo has ended, which missed probes take nine for: its machine refuses connections to the address at once.
/// Refused to two silos, twice, half a second apart, is proof enough to declare it dead; what is left of doubt is harmless, since a partition that has been opened
/// elsewhere refuses what the one before says. A silo that is merely silent refuses nothing, and is left to the probes.
/// </summary>
internal sealed partial class RefusalWatch(
    GridSilos silos, IClusterMembershipService membership, ILocalSiloDetails local, ISiloWitnesses witnesses, Greetings greetings, SiloKnock knock, TimeProvider time,
    ILogger<RefusalWatch> logger)
    : ILifecycleParticipant<ISiloLifecycle>
{
    /// <summary>A silo that takes connections and does not answer is slow: it is not to be bothered with each beat.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(3);

    /// <summary>A witness has knocked twice by then.</summary>
    private static readonly TimeSpan WitnessPatience = TimeSpan.FromSeconds(3);

    private readonly ILogger _logger = logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<SiloAddress, long> _resting = [];
    private readonly HashSet<SiloAddress> _looking = [];
    private readonly Lock _lock = new();
    private Task _watching = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe<RefusalWatch>(
        ServiceLifecycleStage.Active + 1,
        _ =>
        {
            _watching = Task.Run(WatchAsync, CancellationToken.None);
            return Task.CompletedTask;
        },
        async _ =>
        {
            await _stop.CancelAsync();
            await _watching;
        });

    private async Task WatchAsync()
    {
        using var beat = new PeriodicTimer(Refusal.Beat, time);
        try
        {
            while (await beat.WaitForNextTickAsync(_stop.Token))
            {
                var active = silos.Current.Active;
                Forget(active);
                foreach (var silo in Refusal.Behind(local.SiloAddress, active).Take(Refusal.Watched))
                {
                    if (MayLook(silo)) _ = LookAfterAsync(silo);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }

    private void Forget(ImmutableArray<SiloAddress> active)
    {
        lock (_lock)
        {
            foreach (var silo in _resting.Keys.Where(silo => !active.Contains(silo)).ToList()) _resting.Remove(silo);
        }
    }

    private bool MayLook(SiloAddress silo)
    {
        lock (_lock)
        {
            if (_resting.TryGetValue(silo, out var since))
            {
                if (time.GetElapsedTime(since) < Rest) return false;
                _resting.Remove(silo);
            }

            return _looking.Add(silo);
        }
    }

    private async Task LookAfterAsync(SiloAddress silo)
    {
        try
        {
            if (await AnswersAsync(silo)) return;
            lock (_lock) _resting[silo] = time.GetTimestamp();
            if (!Sabotage.IsOff(Safeguard.RefusalCheck) && !await IsGoneAsync(silo)) return;
            if (!_stop.IsCancellationRequested) await DeclareDeadAsync(silo);
            lock (_lock) _resting[silo] = time.GetTimestamp();
        }
        catch (Exception exception)
        {
            if (!_stop.IsCancellationRequested) LogNotTold(exception, silo);
        }
        finally
        {
            lock (_lock) _looking.Remove(silo);
        }
    }

    private async Task<bool> AnswersAsync(SiloAddress silo)
    {
        try
        {
            var greeting = witnesses.Of(silo).Greet();
            greeting.Ignore();
            await greeting.WaitAsync(Refusal.Beat, time, _stop.Token);
            return true;
        }
        catch (Exception)
        {
            // Whatever it is, the connection tells more.
            return false;
        }
    }

    private async Task<bool> IsGoneAsync(SiloAddress silo)
    {
        if (!knock.IsTelling(local.SiloAddress) || await knock.KnockAsync(silo) is not Knock.Refused) return false;
        var heard = greetings.Count;
        var others = Refusal.Behind(silo, silos.Current.Active).Where(other => !other.Equals(local.SiloAddress));
        var confirming = Refusal.IsConfirmedAsync(others, other => AskAsync(other, silo), knock.KnockAsync);
        // The first answer may only have been late.
        var answering = AnswersAsync(silo);
        var isCertain = await Refusal.IsCertainAsync(() => knock.KnockAsync(silo), time);
        var confirmed = await confirming;
        if (await answering || !isCertain || confirmed == false) return false;
        if (confirmed is not null) return true;
        await Task.Delay(Refusal.Silence, time, _stop.Token);
        return greetings.Count == heard && await knock.KnockAsync(silo) is Knock.Refused;
    }

    private async Task<bool?> AskAsync(SiloAddress witness, SiloAddress silo)
    {
        try
        {
            var answer = witnesses.Of(witness).Refuses(silo);
            answer.Ignore();
            return await answer.WaitAsync(WitnessPatience, time, _stop.Token);
        }
        catch (Exception exception)
        {
            LogNoWitness(exception, witness, silo);
            return null;
        }
    }

    private async Task DeclareDeadAsync(SiloAddress silo)
    {
        // Who cannot read the membership, or is no member, may be the one that is cut off.
        await membership.Refresh(cancellationToken: _stop.Token);
        var members = membership.CurrentSnapshot;
        if (members.GetSiloStatus(local.SiloAddress) != SiloStatus.Active || members.GetSiloStatus(silo) != SiloStatus.Active) return;
        LogGone(silo);
        await membership.TryKill(silo);
    }

    [LoggerMessage(LogLevel.Warning, "The address of silo {Silo} refuses connections: its process has ended, and it is to be declared dead")]
    private partial void LogGone(SiloAddress silo);

    [LoggerMessage(LogLevel.Warning, "Silo {Silo} could not be looked after; missed probes will tell")]
    private partial void LogNotTold(Exception exception, SiloAddress silo);

    [LoggerMessage(LogLevel.Information, "Silo {Witness} could not say whether silo {Silo} refuses connections")]
    private partial void LogNoWitness(Exception exception, SiloAddress witness, SiloAddress silo);
}
