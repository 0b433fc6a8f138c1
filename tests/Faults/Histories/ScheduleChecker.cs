using System.Globalization;

namespace OrleansJobs.Faults.Histories;

/// <summary>Holds the occurrences of a schedule to what it was told over time: each instant that was due is served once and never early, or was missed or passed over as its rules allow.</summary>
internal static class ScheduleChecker
{
    private const long MissedAfter = 60_000;

    /// <param name="missed">The rule for instants that nobody could serve in time.</param>
    /// <param name="unheard">Where its jobs live elsewhere: for how long it need not have heard that one has ended. Null: it passes over nothing because of one that has ended.</param>
    /// <returns>What is wrong.</returns>
    public static IEnumerable<string> Check(string missed, ScheduleLife life, IReadOnlyList<ScheduleOccurrence> occurrences, UnheardEnds? unheard = null)
    {
        foreach (var same in occurrences.GroupBy(job => job.Id).Where(same => same.Count() > 1)) yield return $"{same.Key} is listed {same.Count()} times";
        foreach (var lost in life.Triggered.Except(occurrences.Select(job => job.Id))) yield return $"{lost} was triggered, and is not listed";
        var own = occurrences.Where(job => !life.Triggered.Contains(job.Id)).ToList();
        foreach (var twice in own.GroupBy(job => job.At).Where(same => same.Count() > 1))
            yield return $"{Said(twice.Key)} has {twice.Count()} occurrences: {string.Join(", ", twice.Select(job => job.Id))}";
        var due = Due(life).ToList();
        var byInstant = due.ToDictionary(instant => instant.At);
        var served = own.GroupBy(job => job.At).ToDictionary(same => same.Key, same => same.First().SubmittedAt);
        foreach (var (at, submitted) in served)
        {
            if (!byInstant.TryGetValue(at, out var instant)) yield return $"{Said(at)} was served, and was not due";
            else if (submitted < instant.DueAt) yield return $"{Said(at)} was submitted {instant.DueAt - submitted} ms early";
        }

        foreach (var wrong in CheckLeftOut(missed, life, due, served)) yield return wrong;
        foreach (var wrong in CheckPassedOver(life, byInstant, served, occurrences, unheard)) yield return wrong;
    }

    /// <summary>The instants of each edition, while it stood.</summary>
    public static IEnumerable<DueInstant> Due(ScheduleLife life)
    {
        var editions = life.Editions;
        var passed = editions[0].Since - 1;
        for (var i = 0; i < editions.Count; i++)
        {
            var edition = editions[i];
            var next = i + 1 < editions.Count ? editions[i + 1] : null;
            // What is due with a change belongs to what was before.
            var (until, mayBeUntil) = next is not null ? (next.Since, next.Since) : life.Deleted ?? (edition.Since, edition.Since);
            if (!edition.IsPaused)
            {
                foreach (var instant in edition.Order.Instants.Between(passed, mayBeUntil - edition.Jitter))
                {
                    yield return new(instant, instant + edition.Jitter, edition.Order.Overlap, instant + edition.Jitter <= until);
                    passed = instant;
                }
            }

            if (next is not null) passed = PassedWith(edition, next, passed);
        }
    }

    /// <summary>Up to where instants are dealt with once one edition has followed another.</summary>
    private static long PassedWith(ScheduleEdition before, ScheduleEdition next, long passed)
    {
        // What the new instants would have had in the past is not missed; old ones that were not due yet still come.
        if (before.Order.Instants != next.Order.Instants) return Math.Max(passed, next.Since - next.Jitter);
        if (before.Order.MostJitter != next.Order.MostJitter) return Math.Max(passed, next.Since - Math.Max(before.Jitter, next.Jitter));
        if (!before.IsPaused || next.IsPaused) return passed;
        // What went by during a pause nobody wanted.
        var went = next.Since - next.Jitter;
        return next.Order.Instants.Between(passed, went).Any() ? went : passed;
    }

    private static IEnumerable<string> CheckLeftOut(string missed, ScheduleLife life, List<DueInstant> due, Dictionary<long, long> served)
    {
        long? next = null;
        for (var i = due.Count - 1; i >= 0; i--)
        {
            var at = due[i].At;
            if (served.ContainsKey(at)) next = at;
            else if (!due[i].IsCertain || life.PassedOver.ContainsKey(at)) continue;
            // It went with the schedule, or nobody has asked what became of it before.
            else if (life.Deleted is not null && (life.Queued.Contains(at) || (at > life.HeardUpTo && due[i].Overlap != "all"))) continue;
            // When it was passed by: the next that was served tells.
            else if (missed == "all" || next is not { } then || served[then] - at <= MissedAfter) yield return $"{Said(at)} was due, and nothing became of it";
            else if (missed == "one" && due[i + 1].At == then && served[then] - then <= MissedAfter) yield return $"{Said(at)} was the latest that was missed, and was not served";
        }
    }

    private static IEnumerable<string> CheckPassedOver(
        ScheduleLife life, Dictionary<long, DueInstant> due, Dictionary<long, long> served, IReadOnlyList<ScheduleOccurrence> occurrences, UnheardEnds? unheard)
    {
        foreach (var (at, heard) in life.PassedOver)
        {
            if (!due.TryGetValue(at, out var instant)) yield return $"{Said(at)} was passed over, and was not due";
            else if (served.ContainsKey(at)) yield return $"{Said(at)} was passed over, and was served";
            else if (instant.Overlap is "all" or "cancel") yield return $"{Said(at)} was passed over, though its rule is {instant.Overlap}";
            else if (!occurrences.Any(job => IsBefore(job, at, heard) && !HasEnded(job, at))) yield return $"{Said(at)} was passed over, and all before it had ended";
        }

        // One of a later instant is in nobody's way; one that somebody asked for is in that of those behind it.
        bool IsBefore(ScheduleOccurrence job, long at, long heard) => life.Triggered.Contains(job.Id) ? job.SubmittedAt <= heard : job.At < at;

        bool HasEnded(ScheduleOccurrence job, long at) => job.FinishedAt is { } ended && ended < at && unheard?.MayBe(ended, at) != true;
    }

    private static string Said(long instant) => DateTimeOffset.FromUnixTimeMilliseconds(instant).UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
}
