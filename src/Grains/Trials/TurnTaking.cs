namespace OrleansJobs.Trials;

/// <summary>
/// Who may stand empty: one silo at a time, for a bounded time, and the same one again only after it has worked for as long as it stood empty. Not
/// thread-safe; time is milliseconds of whatever clock.
/// </summary>
internal sealed class TurnTaking(TimeSpan length)
{
    private readonly long _length = (long)length.TotalMilliseconds;
    private readonly Dictionary<SiloAddress, (long From, long To)> _last = [];
    private SiloAddress? _holder;

    /// <summary>When the time of the holder is over; null: nobody has the turn.</summary>
    public long? Ends => _holder is null ? null : _last[_holder].To;

    /// <summary>Gives the turn to that one of those who wait whose last one was longest ago; or says again that it is theirs to the one who has it.</summary>
    public (SiloAddress Silo, TimeSpan Left)? Next(IEnumerable<SiloAddress> waiting, long now)
    {
        if (Ends <= now) _holder = null;
        SiloAddress? best = null;
        foreach (var silo in waiting)
        {
            if (_holder is not null ? !silo.Equals(_holder) : !HasWorked(silo, now)) continue;
            if (best is null || LastOf(silo) < LastOf(best)) best = silo;
        }

        if (best is null) return null;
        if (_holder is null) _last[best] = (now, now + _length);
        _holder = best;
        return (best, TimeSpan.FromMilliseconds(_last[best].To - now));
    }

    public void GiveBack(SiloAddress silo, long now)
    {
        if (_holder is null || !silo.Equals(_holder)) return;
        _last[silo] = (_last[silo].From, Math.Min(now, _last[silo].To));
        _holder = null;
    }

    /// <summary>The dead hold nothing.</summary>
    public void Bury(Predicate<SiloAddress> isDead)
    {
        foreach (var silo in _last.Keys.Where(silo => isDead(silo)).ToList())
        {
            _last.Remove(silo);
            if (silo.Equals(_holder)) _holder = null;
        }
    }

    /// <summary>The next instant at which one of those who wait may get the turn by the passing of time alone; null: by none.</summary>
    public long? NextChange(IEnumerable<SiloAddress> waiting)
    {
        if (Ends is { } ends) return ends;
        long? next = null;
        foreach (var silo in waiting)
        {
            var at = WorkedBy(silo);
            if (!(at >= next)) next = at;
        }

        return next;
    }

    private bool HasWorked(SiloAddress silo, long now) => WorkedBy(silo) <= now;

    private long WorkedBy(SiloAddress silo) => _last.TryGetValue(silo, out var last) ? last.To + (last.To - last.From) : long.MinValue;

    private long LastOf(SiloAddress silo) => _last.TryGetValue(silo, out var last) ? last.To : long.MinValue;
}
