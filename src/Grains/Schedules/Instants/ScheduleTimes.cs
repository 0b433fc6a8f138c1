using Cronos;

namespace OrleansJobs.Schedules;

/// <summary>The instants of a schedule, in Unix milliseconds, without regard to how many of them it may have.</summary>
internal sealed class ScheduleTimes
{
    private readonly CronExpression? _cron;
    private readonly TimeZoneInfo _zone;
    private readonly long _every;
    private readonly long _anchor;
    private readonly long _start;
    private readonly long _end;

    /// <exception cref="CronFormatException">The expression is wrong.</exception>
    /// <exception cref="TimeZoneNotFoundException">This machine does not know the zone.</exception>
    /// <param name="anchor">Where <see cref="ScheduleSpec.Every"/> counts from.</param>
    public ScheduleTimes(ScheduleSpec spec, long anchor)
    {
        _cron = spec.Cron is { } cron ? CronText.Parse(cron) : null;
        _zone = spec.Cron is null ? TimeZoneInfo.Utc : Zones.Find(spec.Zone);
        (_every, _anchor) = (spec.Every ?? 0, anchor);
        (_start, _end) = (spec.Start ?? 0, spec.End ?? Latest);
    }

    /// <summary>The last millisecond that Cronos looks at, and that fits a score.</summary>
    public static long Latest { get; } = new DateTimeOffset(2499, 12, 31, 23, 59, 59, TimeSpan.Zero).ToUnixTimeMilliseconds();

    /// <summary>How often Cronos was asked, which is what looking for instants costs.</summary>
    public long Asked { get; private set; }

    /// <summary>The first instant after another; null where none comes any more.</summary>
    public long? After(long instant)
    {
        var from = Math.Max(instant + 1, _start);
        if (from > _end) return null;
        return (_cron is null ? EveryFrom(from) : CronFrom(from)) is { } next && next <= _end ? next : null;
    }

    /// <summary>The last instant up to another; null where there is none.</summary>
    public long? UpTo(long instant)
    {
        var from = Math.Min(instant, _end);
        if (from < _start) return null;
        return (_cron is null ? EveryUpTo(from) : CronUpTo(from)) is { } last && last >= _start ? last : null;
    }

    /// <summary>The next instants after another.</summary>
    public IEnumerable<long> AllAfter(long instant)
    {
        while (After(instant) is { } next) yield return instant = next;
    }

    /// <summary>Goes from an instant, which counts, up to a bound, but over so many instants at most.</summary>
    /// <returns>How many there are, and the last of them.</returns>
    public (int Count, long Last) Walk(long first, long bound, int most)
    {
        if (first > bound || most < 1) return (0, first);
        if (_cron is null && EveryUpTo(Math.Min(bound, _end)) is { } end)
        {
            var count = Math.Min(most, (end - first) / _every + 1);
            return ((int)count, first + (count - 1) * _every);
        }

        var walked = 1;
        var last = first;
        while (walked < most && After(last) is { } next && next <= bound) (walked, last) = (walked + 1, next);
        return (walked, last);
    }

    private long? EveryFrom(long from)
    {
        var steps = Math.DivRem(from - _anchor, _every, out var rest);
        return _anchor + (rest > 0 ? steps + 1 : steps) * _every;
    }

    private long? EveryUpTo(long from)
    {
        var steps = Math.DivRem(from - _anchor, _every, out var rest);
        return _anchor + (rest < 0 ? steps - 1 : steps) * _every;
    }

    private long? CronFrom(long from)
    {
        if (from > Latest) return null;
        Asked++;
        return Milliseconds(_cron!.GetNextOccurrence(Utc(from), _zone, inclusive: true));
    }

    /// <summary>
    /// Cronos' way back is not asked: where the clock is set back it need not see what its way forth sees. The last instant is found by halves, forwards.
    /// </summary>
    private long? CronUpTo(long to)
    {
        // The last one known, and below it how far back it may have to be looked for.
        long? found = null;
        for (var span = 60_000L; found is null; span *= 4)
        {
            found = CronFrom(Math.Max(to - span, 0)) is { } first && first <= to ? first : null;
            if (span >= to) break;
        }

        if (found is not { } low) return null;
        for (var high = to; low < high;)
        {
            var middle = low + (high - low + 1) / 2;
            if (CronFrom(middle) is { } next && next <= to) low = next;
            else high = middle - 1;
        }

        return low;
    }

    private static DateTime Utc(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(milliseconds, 0, Latest)).UtcDateTime;

    private static long? Milliseconds(DateTime? instant) => instant is { } utc ? new DateTimeOffset(utc).ToUnixTimeMilliseconds() : null;
}
