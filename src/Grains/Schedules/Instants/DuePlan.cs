using OrleansJobs.Partitions;

namespace OrleansJobs.Schedules;

/// <summary>What is done of a schedule whose next instant is due. Decided by what is given alone.</summary>
/// <param name="Serve">The instants to serve, oldest first.</param>
/// <param name="Missed">How many of these, the first ones, were missed.</param>
/// <param name="Passed">All instants up to this one are dealt with.</param>
/// <param name="Come">How many instants of the schedule have come by now; counted only where it may have so many.</param>
/// <param name="Next">The next instant, which may be due too; null where none comes any more.</param>
/// <param name="Dropped">How many more were missed, which its rule leaves out; of a cron expression no more than <see cref="MostCounted"/> with those that it does not.</param>
internal sealed record DuePlan(IReadOnlyList<long> Serve, int Missed, long Passed, int Come, long? Next, int Dropped)
{
    /// <summary>Counting instants of a cron expression means to go from one to the next, in the turn of a partition that may have thousands to serve.</summary>
    public const int MostCounted = 250;

    /// <summary>Instants that one decision serves at most, so that its commit stays small; the rest follows at once.</summary>
    public const int MostServed = 100;

    /// <summary>How many one decision serves of a schedule: fewer where each writes much.</summary>
    public static int MostOf(ScheduleSpec spec) => Math.Clamp(PendingChanges.MaxBytes / Math.Max(1, spec.Args.Length), 1, MostServed);

    /// <param name="next">The next instant, which is due: now is at least the jitter later.</param>
    /// <param name="come">How many have come before it.</param>
    /// <param name="jitter">How much later than its instant an occurrence is due.</param>
    /// <param name="missedAfter">What is later is missed.</param>
    /// <param name="forwardAt">None that has come since was due before it.</param>
    /// <param name="upTo">No instant behind it is looked at.</param>
    public static DuePlan Of(ScheduleSpec spec, ScheduleTimes times, long next, int come, long jitter, long missedAfter, long now, long? forwardAt = null, long upTo = long.MaxValue)
    {
        var due = Math.Min(now - jitter, upTo);
        var counts = spec.Count is not null;
        var missedUpTo = now - forwardAt <= missedAfter ? next - 1 : now - jitter - missedAfter - 1;
        if (spec.Count is { } count) due = Math.Min(due, LastOf(times, next, missedUpTo, due, count - come));
        var serve = new List<long>();
        var most = MostOf(spec);
        var passed = next - 1;
        if (next <= Math.Min(missedUpTo, due))
        {
            passed = Math.Min(missedUpTo, due);
            var within = Within(spec, missedAfter);
            // What an edit has brought forward is late since then, as a whole.
            AddMissed(spec, times, next, passed, now - forwardAt <= within ? next : Math.Max(next, now - jitter - within), serve);
            if (serve.Count > most)
            {
                serve.RemoveRange(most, serve.Count - most);
                passed = serve[^1];
            }
        }

        var missed = serve.Count;
        var dropped = passed < next ? 0 : times.Walk(next, passed, spec.Cron is null ? int.MaxValue : MostCounted).Count - missed;
        for (var instant = passed < next ? next : times.After(passed); instant is { } young && young <= due && serve.Count < most; instant = times.After(young))
        {
            serve.Add(young);
            passed = young;
        }

        if (counts) come += times.Walk(next, passed, spec.Count!.Value - come).Count;
        return new(serve, missed, passed, come, counts && come >= spec.Count ? null : times.After(passed), Math.Max(0, dropped));
    }

    /// <summary>The last instant that a schedule may have which comes so many times more; not looked for further than one decision goes.</summary>
    private static long LastOf(ScheduleTimes times, long next, long missedUpTo, long due, int left)
    {
        var (missed, last) = times.Walk(next, Math.Min(missedUpTo, due), left);
        if (missed >= left || (missed == 0 ? next : times.After(last)) is not { } young) return last;
        return times.Walk(young, due, Math.Min(left - missed, MostServed)).Last;
    }

    /// <param name="upTo">All of them are missed.</param>
    /// <param name="notBefore">The first that is not too late to be served where all of them are.</param>
    private static void AddMissed(ScheduleSpec spec, ScheduleTimes times, long next, long upTo, long notBefore, List<long> serve)
    {
        if (spec.Missed == ScheduleMissed.None) return;
        var (most, from) = spec.Missed == ScheduleMissed.One
            ? (1, next)
            : (ScheduleLimits.MaxMissed, notBefore);
        // Newest first, since those are kept. The next one was told once and stands, whatever the zone's rules say of it by now.
        for (var instant = Last(upTo); instant >= from && serve.Count < most; instant = Last(instant - 1))
        {
            serve.Add(instant);
            if (instant == next) break;
        }

        serve.Reverse();

        long Last(long to) => Math.Max(times.UpTo(to) ?? next, next);
    }

    /// <summary>One that was stored when nobody looked at this may say less than it takes to be missed: it meant some of them.</summary>
    private static long Within(ScheduleSpec spec, long missedAfter)
    {
        var otherwise = (long)ScheduleLimits.MissedWithin.TotalMilliseconds;
        var within = spec.MissedWithin ?? otherwise;
        return within > missedAfter ? within : missedAfter + otherwise;
    }
}
