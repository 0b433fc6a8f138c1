using OrleansJobs.Partitions;

namespace OrleansJobs.Schedules;

/// <summary>
/// Occurrences that somebody asks for: each is submitted where its job is not there. An edit of the schedule's key moves what is submitted from then on and
/// leaves what was submitted where it is, so that both places are looked at.
/// </summary>
internal sealed class AskedOccurrences(IPartitionShell shell, PartitionSchedules schedules)
{
    private static readonly ScheduleAnswer Changed = ScheduleCalls.Unavailable with { Reason = "The schedule was changed meanwhile; ask again." };

    private readonly JobRows _rows = new(shell.Store, shell.Partition);

    private ScheduleBook Book => shell.Core.Schedules;

    private ScheduleOccurrences Occurrences => Book.Occurrences;

    /// <param name="wanted">Which; null where it has refused.</param>
    /// <param name="submit">Submits one, by its instant.</param>
    public async Task<ScheduleAnswer> SubmitAsync(
        string id, Func<ScheduleEntry, Action<ScheduleAnswer>, IReadOnlyList<(long Instant, string? Token)>?> wanted, Action<ScheduleEntry, long> submit)
    {
        if (!shell.IsClockRight) return ScheduleCalls.WrongClock;
        var reading = Book.BeginReading();
        string[] pinned = [];
        var started = shell.Time.GetTimestamp();
        try
        {
            if (await schedules.FindAsync(id) is not { Record: { } record } entry) return new(ScheduleOutcome.NotFound);
            if (shell.IsStoreFull) return new(ScheduleOutcome.Full) { Reason = "The store is nearly full." };
            ScheduleAnswer? refusal = null;
            if (wanted(entry, answer => refusal = answer) is not { } instants) return refusal!;
            var (place, edition) = (Occurrences.PlaceOf(entry), record.Edition);
            if (place is not null && shell.Core.Letters.IsFull) return new(ScheduleOutcome.Full) { Reason = $"More than {shell.Options.MaxLetters} letters of one partition wait for others." };

            var candidates = Candidates(entry, instants);
            // What the schedule knows to be open is there, or on its way: nobody need be asked for it.
            var known = new HashSet<string>(Known(entry), StringComparer.Ordinal);
            var homes = candidates.SelectMany(ids => ids).Where(job => !known.Contains(job)).ToLookup(job => JobIds.PartitionOf(job, shell.Options.Partitions));
            pinned = [.. homes[shell.Partition]];
            foreach (var job in pinned) shell.Core.Jobs.Pin(job);
            var stored = await ReadHereAsync(pinned);
            foreach (var home in homes.Where(home => home.Key != shell.Partition))
            {
                foreach (var chunk in home.Chunk(FlowGraph.MaxJobs))
                    known.UnionWith((await shell.GetListedAsync(home.Key, chunk).WaitAsync(shell.Options.SubmitDeadline, shell.Time)).OfType<JobStatus>().Select(job => job.Id));
            }

            var refusals = entry.Refusals;
            var jobs = new string[instants.Count];
            var submitted = 0;
            for (var done = 0; done < jobs.Length;)
            {
                // Others had their turn meanwhile.
                if (Judge(done) is { } mistake) return mistake;
                for (var bytes = 0L; done < jobs.Length && bytes < PendingChanges.MaxBytes; done++)
                {
                    if (Array.Find(candidates[done], known.Contains) is { } there)
                    {
                        jobs[done] = there;
                        continue;
                    }

                    submit(entry, instants[done].Instant);
                    jobs[done] = candidates[done][0];
                    submitted++;
                    bytes += record.Spec.Args.Length;
                }

                shell.Pump();
                await shell.CommittedInTimeAsync();
                if (entry.Refusals != refusals) return ScheduleCalls.StoreFull;
                // Who asks does not wait for ever; asked again, it goes on from here.
                if (done < jobs.Length && shell.Time.GetElapsedTime(started) > shell.Options.SubmitDeadline)
                    return ScheduleCalls.Unavailable with { Reason = $"{submitted} were submitted so far, and there are more; ask again." };
            }

            // Nothing is said of the schedule, which somebody may be changing.
            return new(ScheduleOutcome.Done) { Jobs = jobs, Known = jobs.Length - submitted };

            // Whether what is left may be submitted in this turn, and what of it is there.
            ScheduleAnswer? Judge(int done)
            {
                if (entry.Record is not { } now || now.Incarnation != record.Incarnation) return new(ScheduleOutcome.NotFound);
                // Which instants were meant was worked out for what it was.
                if (now.Edition != edition) return Changed;
                if (!shell.IsClockRight) return ScheduleCalls.WrongClock;
                if (done > 0 && shell.IsStoreFull) return new(ScheduleOutcome.Full) { Reason = "The store is nearly full; a part of them was submitted." };
                // What others have submitted may be on its way.
                known.UnionWith(Known(entry));
                known.UnionWith(pinned.Where(job => shell.Core.Jobs.Find(job) is { } live ? live.Place != JobPlace.Gone : stored.Contains(job)));
                var missing = candidates.Skip(done).Count(ids => !Array.Exists(ids, known.Contains));
                // What stands there already was counted when it came.
                return missing > 0 && entry.State.Open + missing > ScheduleLimits.MaxOpen
                    ? new(ScheduleOutcome.Full) { Reason = $"Of one schedule, {ScheduleLimits.MaxOpen} occurrences may not have ended; {entry.State.Open} have not." }
                    : null;
            }
        }
        catch (Exception exception) when (exception is TimeoutException or OrleansException)
        {
            return ScheduleCalls.Unavailable;
        }
        finally
        {
            foreach (var job in pinned) shell.Core.Jobs.Unpin(job);
            Book.EndReading(reading);
        }
    }

    /// <summary>The job that each would be given now, and those that the schedule says it was given before, newest first.</summary>
    private List<string[]> Candidates(ScheduleEntry entry, IReadOnlyList<(long Instant, string? Token)> instants)
    {
        var told = entry.State.Runs.Where(run => run.HasJob).Reverse().ToLookup(run => (run.Token is null ? run.Instant : 0, run.Token));
        return [.. instants.Select(one => (string[])[.. told[(one.Token is null ? one.Instant : 0, one.Token)].Select(run => Occurrences.JobOf(entry, run)).Prepend(Occurrences.JobOf(entry, one.Instant, one.Token)).Distinct()])];
    }

    /// <summary>
    /// Those that live with a key and have not ended (of those without one, memory knows), and those that somebody asked for by a token: asked again it is the same one,
    /// though its job may have ended and be kept no more.
    /// </summary>
    private IEnumerable<string> Known(ScheduleEntry entry) => entry.State.Runs
        .Where(run => run is { Outcome: ScheduleRunOutcome.Open, Place: not null } or { Token: not null, HasJob: true }).Select(run => Occurrences.JobOf(entry, run));

    /// <returns>Those that the store has.</returns>
    private async Task<HashSet<string>> ReadHereAsync(string[] jobs)
    {
        if (jobs.Length == 0) return [];
        var stored = await _rows.ReadAsync(jobs).AsTask().WaitAsync(shell.Options.SubmitDeadline, shell.Time);
        // One that was deleted a moment ago is gone once that is stored.
        foreach (var job in jobs)
        {
            while (shell.Core.Jobs.Find(job) is { Place: JobPlace.Gone, IsSettled: false } going) await shell.Commits.Settled(going).WaitAsync(shell.Options.SubmitDeadline, shell.Time);
        }

        return [.. jobs.Where((_, i) => stored[i] is not null)];
    }
}
