using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobs.Diagnostics;
using OrleansJobs.Storage;

namespace OrleansJobs.Hosting;

/// <summary>
/// The time that this silo decides by. Its own clock counts for as long as the store's agrees: the store's is read when the silo starts and every minute, and
/// reckoned on in between by a clock that no adjustment moves, so that a jump of either is noticed at the next decision. Nobody can say which of two clocks is
/// wrong; while they disagree, the silo is not ready and neither starts, expires nor purges jobs.
/// </summary>
internal sealed partial class ClockGuard : ILifecycleParticipant<ISiloLifecycle>
{
    public static readonly TimeSpan Period = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Orleans schedules the end of idle activations by the clock, a quarter of an hour ahead, and follows it forwards only: in a silo whose clock was further
    /// ahead and has been set back, no grain comes to life until the time is there again.
    /// </summary>
    public static readonly TimeSpan LongestLead = TimeSpan.FromMinutes(10);

    /// <summary>After the grid has been opened, hence with a store that answers, and before the silo joins.</summary>
    private const int Stage = ServiceLifecycleStage.RuntimeStorageServices + 1;

    private readonly IPartitionStore _store;
    private readonly TimeProvider _time;
    private readonly TimeSpan _tolerance;
    private readonly IHostApplicationLifetime _host;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private volatile Reading? _stored;
    private volatile Reading? _agreed;
    private volatile bool _doubted;
    private long _last;
    private bool _ledTooFar;

    /// <summary>Both clocks were ahead, and have been set back: time, which does not go back, stands until they are there again.</summary>
    private volatile bool _stands;

    /// <summary>The clock seemed to be too far ahead. The store has not been heard since: it may have been the steady clock that stood still, as it does in a host that sleeps.</summary>
    private Reading? _seemedAhead;
    private Task _watching = Task.CompletedTask;

    public ClockGuard(
        IPartitionStore store, IOptions<JobGridOptions> options, TimeProvider time, GridHealth health, JobMeters meters, IHostApplicationLifetime host, ILogger<ClockGuard> logger)
    {
        _host = host;
        _store = store;
        _time = time;
        _tolerance = options.Value.ClockTolerance;
        _logger = logger;
        health.ClockTrouble = Trouble;
        meters.ObserveClock(() => new ClockFigures(_stored is { } stored ? _time.GetUtcNow() - At(stored) : TimeSpan.Zero, _stored is not null && (!IsRight || _stands)));
    }

    /// <summary>The clocks agree again after somebody was told that they do not, however short that was.</summary>
    public event Action? Righted;

    /// <summary>
    /// Unix milliseconds, which never go back: the silo's clock, and while that is not right, what the two agreed on last, reckoned on. Safe to call from any
    /// thread.
    /// </summary>
    public long Now
    {
        get
        {
            var wall = _time.GetUtcNow();
            if (_agreed is not { } agreed || Sabotage.IsOff(Safeguard.ClockCheck)) return wall.ToUnixTimeMilliseconds();
            var now = (Agrees(wall) ? wall : At(agreed)).ToUnixTimeMilliseconds();
            var last = Volatile.Read(ref _last);
            while (now > last)
            {
                var seen = Interlocked.CompareExchange(ref _last, now, last);
                if (seen == last) return now;
                last = seen;
            }

            return last;
        }
    }

    /// <summary>How long it takes until it is an instant: longer than the time that lies between while time stands.</summary>
    public TimeSpan Until(long instant) =>
        instant <= Now ? TimeSpan.Zero : TimeSpan.FromMilliseconds(instant - _time.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>Whether anything may be decided by the clock. False until it has been compared. Safe to call from any thread, and cheap.</summary>
    public bool IsRight
    {
        get
        {
            if (Sabotage.IsOff(Safeguard.ClockCheck) || Agrees(_time.GetUtcNow())) return true;
            _doubted = true;
            return false;
        }
    }

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe<ClockGuard>(Stage, StartAsync, async _ =>
    {
        await _stop.CancelAsync();
        await _watching;
    });

    /// <summary>Reads the store's clock. An answer that took long says too little of when it was given to count.</summary>
    /// <returns>False where it told nothing.</returns>
    public async Task<bool> TryCompareAsync(CancellationToken cancellation = default)
    {
        try
        {
            var asked = _time.GetTimestamp();
            var told = await _store.ReadTimeAsync(cancellation);
            var answered = _time.GetTimestamp();
            var took = _time.GetElapsedTime(asked, answered);
            if (took > _tolerance / 2) return false;
            // It was read somewhere in between. What was reckoned so far stays where it fits, so that no slow answer moves it.
            var reckoned = _stored is { } stored ? At(stored, answered) : told + (took / 2);
            _stored = new Reading(reckoned < told ? told : reckoned > told + took ? told + took : reckoned, answered);
            if (IsRight) _agreed = _stored;
            return true;
        }
        catch (Exception exception) when (!cancellation.IsCancellationRequested)
        {
            LogNotRead(exception);
            return false;
        }
    }

    /// <exception cref="WrongClockException">As a member this silo would take partitions from others and leave their jobs lying.</exception>
    private async Task StartAsync(CancellationToken cancellation)
    {
        while (!await TryCompareAsync(cancellation))
        {
            LogWaiting();
            await Task.Delay(Beat, _time, cancellation);
        }

        if (!IsRight) throw new WrongClockException($"{Disagreement()} A silo does not start with such a clock: set it, and start the silo again.");

        _doubted = false;
        _watching = WatchAsync();
    }

    private async Task WatchAsync()
    {
        var (isWrong, compared) = (false, _time.GetTimestamp());
        try
        {
            while (true)
            {
                await Task.Delay(Beat, _time, _stop.Token);
                var told = (!IsRight || _seemedAhead is not null || _time.GetElapsedTime(compared) >= Period) && await TryCompareAsync(_stop.Token);
                if (told) compared = _time.GetTimestamp();

                var wasWrong = isWrong;
                isWrong = !IsRight;
                if (isWrong && !wasWrong) LogWrong(Trouble());
                NoticeLead(isWrong, told);
                if (!isWrong) NoticeStandstill();
                if (wasWrong && !isWrong) LogRight();
                if (isWrong || !(_doubted || _ledTooFar)) continue;
                if (_ledTooFar)
                {
                    LogStopping(LongestLead);
                    _host.StopApplication();
                    return;
                }

                _doubted = false;
                Righted?.Invoke();
            }
        }
        catch (OperationCanceledException)
        {
            // The silo stops.
        }
    }

    /// <param name="told">The store has just been heard.</param>
    private void NoticeLead(bool isWrong, bool told)
    {
        var (wall, at) = (_time.GetUtcNow(), _time.GetTimestamp());
        if (isWrong && IsTooFarAhead(wall, at)) _seemedAhead ??= new Reading(wall, at);
        if (!told || _seemedAhead is not { } seemed) return;
        _ledTooFar |= IsTooFarAhead(seemed.Instant, seemed.Timestamp);
        _seemedAhead = null;
    }

    /// <summary>
    /// The store's clock may be this machine's, as a file's is: when that is wrong, both are, and agree. What was decided meanwhile cannot be taken back; that time
    /// goes on can be had by another start.
    /// </summary>
    private void NoticeStandstill()
    {
        var ahead = TimeSpan.FromMilliseconds(Now - _time.GetUtcNow().ToUnixTimeMilliseconds());
        _ledTooFar |= ahead > LongestLead;
        var stood = _stands;
        _stands = ahead > _tolerance;
        if (_stands && !stood) LogStands(ahead);
        if (stood && !_stands) LogGoesOn();
    }

    private bool IsTooFarAhead(DateTimeOffset wall, long at) => _stored is { } stored && wall - At(stored, at) > LongestLead;

    /// <summary>Null: the clock is right. Otherwise both times, in words for operators.</summary>
    private string? Trouble()
    {
        if (_stored is null) return "The clock of this silo has not been compared with the store's yet.";
        return IsRight ? null : $"{Disagreement()} Until they agree, this silo starts, expires and purges no jobs.";
    }

    private string Disagreement()
    {
        var (wall, told) = (_time.GetUtcNow(), At(_stored!));
        return $"The clock of this silo says {wall.UtcDateTime:O} and the store's {told.UtcDateTime:O}: they differ by {(wall - told).Duration():c}, more than "
            + $"{JobGridOptions.Section}:{nameof(JobGridOptions.ClockTolerance)} ({_tolerance:c}).";
    }

    private bool Agrees(DateTimeOffset wall) => _stored is { } stored && (wall - At(stored)).Duration() <= _tolerance;

    private DateTimeOffset At(Reading reading) => At(reading, _time.GetTimestamp());

    private DateTimeOffset At(Reading reading, long timestamp) => reading.Instant + _time.GetElapsedTime(reading.Timestamp, timestamp);

    [LoggerMessage(LogLevel.Warning, "The store's clock cannot be read")]
    private partial void LogNotRead(Exception exception);

    [LoggerMessage(LogLevel.Warning, "The store has not told the time soon enough yet; waiting for it")]
    private partial void LogWaiting();

    [LoggerMessage(LogLevel.Critical, "The clock of this silo was more than {Lead} ahead and has been set back: grains cannot come to life here any more. The silo stops, to be started again")]
    private partial void LogStopping(TimeSpan lead);

    [LoggerMessage(LogLevel.Error, "The clocks of this silo and of its store were both ahead, and have been set back by {Ahead}. What fell due meanwhile has been served; nothing further falls due until they are there again")]
    private partial void LogStands(TimeSpan ahead);

    [LoggerMessage(LogLevel.Warning, "The clocks of this silo and of its store are where they were before they were set back: time goes on")]
    private partial void LogGoesOn();

    [LoggerMessage(LogLevel.Error, "{Trouble}")]
    private partial void LogWrong(string? trouble);

    [LoggerMessage(LogLevel.Warning, "The clock of this silo and the store's agree again")]
    private partial void LogRight();

    /// <summary>A clock, mostly the store's, said so at a moment of this process's steady clock.</summary>
    private sealed record Reading(DateTimeOffset Instant, long Timestamp);
}

/// <summary>The clocks of a silo that starts and of its store differ by more than they may; the message says both times.</summary>
public sealed class WrongClockException(string message) : Exception(message);
