using OrleansJobs.Diagnostics;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Schedules;

/// <summary>A partition's schedules as its grain has them: what is due is read and served, and what is asked is decided on what the store has.</summary>
internal sealed class PartitionSchedules(IPartitionShell shell)
{
    /// <summary>Schedules that are served at a time, at least and at most: each is read, decided and committed with the others.</summary>
    private const int FewDue = 16, ManyDue = 256;
    private const int OpenPerRead = 256;

    /// <summary>All partitions may read at midnight: where arguments are large, a read brings fewer.</summary>
    private static readonly RowRead Rows = new RowRead(GridLayout.Schedules.Records, GridLayout.Schedules.States) with { ByteBudget = PendingChanges.MaxBytes };

    private int _dueLimit = FewDue;

    private ScheduleBook Book => shell.Core.Schedules;

    private ScheduleOccurrences Occurrences => Book.Occurrences;

    /// <summary>Loads those whose occurrences have not ended, before anything else happens.</summary>
    public async Task LoadOpenAsync(CancellationToken cancellation)
    {
        var all = Book.OpenAtStart;
        for (var read = 0; read < all.Length;)
        {
            var ids = all[read..Math.Min(read + OpenPerRead, all.Length)];
            var rows = await shell.Store.ReadRowsAsync(shell.Partition, Rows, ids, cancellation);
            for (var i = 0; i < rows.Length; i++) Book.Resolve(ids[i], rows[i]);
            read += rows.Length;
        }

        await LoadListedAsync(cancellation);
    }

    /// <summary>Holds the list of those that the grid cannot serve against what they are: what is found of it is stored with whatever is decided next.</summary>
    private async Task LoadListedAsync(CancellationToken cancellation)
    {
        if (Book.ListedAtStart == 0) return;
        var place = SetPlace.Start;
        while (true)
        {
            var page = await shell.Store.ReadPageAsync(shell.Partition, GridLayout.Schedules.Lists[ScheduleTables.UnservedList], place, OpenPerRead, Rows, cancellation);
            var read = page.TakeWhile(line => line.Rows is not null).ToList();
            foreach (var line in read) Book.Listed(line.Member, line.Rows!.Value);
            if (read.Count == 0 || (read.Count == page.Length && page.Length < OpenPerRead)) return;
            place = new(read[^1].Score, read[^1].Member);
        }
    }

    /// <summary>Begins to serve what is due, unless that has begun.</summary>
    public void ServeDue()
    {
        if (Book.IsServing || !shell.IsClockRight || !Book.HasDue(shell.Now)) return;
        Book.IsServing = true;
        shell.Background(ServeAllAsync, "serving schedules");
    }

    /// <summary>A schedule that the caller keeps by a reading; null where there is none.</summary>
    public async Task<ScheduleEntry?> FindAsync(string id)
    {
        if (Book.FindFor(id) is { } known) return known;
        var rows = await shell.Store.ReadRowsAsync(shell.Partition, Rows, [id]).AsTask().WaitAsync(shell.Options.SubmitDeadline, shell.Time);
        return Book.Resolve(id, rows[0]);
    }

    /// <summary>Serves one, with the jobs in memory that it may have to cancel.</summary>
    public async Task ServeOneAsync(ScheduleEntry entry)
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            // While one is read, others have their turn, and there may be more of them.
            while (entry.Due <= shell.Now && Occurrences.ToBeCancelled(entry).FirstOrDefault(id => !ids.Contains(id)) is { } next)
            {
                ids.Add(next);
                shell.Core.Jobs.Pin(next);
                await shell.BringAsync(next);
            }

            if (!shell.IsClockRight || !Occurrences.Serve(entry, shell.Now)) return;
            if (ScheduleOccurrences.IsToBeLookedFor(entry, shell.Now)) LookForLost([entry]);

            // Here, and not where it is waited for that this is stored: whoever waits may have given up by then.
            foreach (var id in ids)
            {
                if (shell.Core.Jobs.Find(id) is { Place: JobPlace.Leased, Track.CancelRequested: true } job) shell.TellCancelled(job);
            }
        }
        finally
        {
            foreach (var id in ids) shell.Core.Jobs.Unpin(id);
        }

        if (!Sabotage.IsOff(Safeguard.OccurrenceInCommit)) return;
        shell.Pump();
        await shell.Commits.Committed();
        CrashPoint.Hit("schedule.submitted");
        Book.Mark(entry);
    }

    /// <summary>
    /// Looks for lost occurrences, once a minute: the schedule that waits for one may have no other instant that could ask. All with open ones are in memory.
    /// </summary>
    public void LookForLost()
    {
        if (shell.IsClockRight && Book.ToBeLookedFor(shell.Now) is { Count: > 0 } entries) LookForLost(entries);
    }

    private void LookForLost(List<ScheduleEntry> entries)
    {
        foreach (var entry in entries) entry.LookedAt = shell.Now;
        string[] ids = [.. entries.Select(entry => entry.Id)];
        // One after the other: there may be many.
        shell.Background(
            async () =>
            {
                foreach (var id in ids) await LookForAsync(id);
            },
            "looking for occurrences");
    }

    /// <summary>
    /// Looks for occurrences that live where their key does and have been open for long. Their partition may be of another store that has failed over, and have lost what
    /// started them; or this one may have lost that they have ended. Nobody else would ever say so.
    /// </summary>
    private async Task LookForAsync(string id)
    {
        var reading = Book.BeginReading();
        try
        {
            if (await FindAsync(id) is not { Record: { } record } entry) return;
            foreach (var there in entry.State.Runs.Where(run => ScheduleOccurrences.IsOverdue(run, shell.Now) && !Occurrences.MayBeOnItsWay(run)).GroupBy(run => run.Place!.Value).ToList())
            {
                foreach (var runs in there.Chunk(FlowGraph.MaxJobs))
                {
                    var jobs = await shell.GetListedAsync(there.Key, [.. runs.Select(run => Occurrences.JobOf(entry, run))]);
                    if (entry.Record?.Incarnation != record.Incarnation) return;
                    for (var i = 0; i < runs.Length; i++) Occurrences.Found(entry, runs[i], jobs[i], shell.Now);
                }
            }

            shell.Pump();
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException)
        {
            // That partition is away: it is looked for again in a minute.
        }
        finally
        {
            Book.EndReading(reading);
        }
    }

    private async Task ServeAllAsync()
    {
        while (await ServeSomeAsync() || (shell.IsClockRight && Book.HasDue(shell.Now)))
        {
        }

        Book.IsServing = false;
        Occurrences.Watch?.Served();
        shell.Pump();
    }

    /// <returns>Whether there may be more.</returns>
    private async Task<bool> ServeSomeAsync()
    {
        // What is under way does not stand in the store yet.
        await shell.Commits.Committed();
        var known = Book.Take();
        var reading = Book.BeginReading();
        try
        {
            var limit = _dueLimit;
            var lines = await shell.Store.ReadSetAsync(shell.Partition, GridLayout.Schedules.Due.Only, new(long.MinValue, long.MaxValue, limit));
            var now = shell.Now;
            // Should the clock have gone wrong meanwhile, none is due: the next look is when it is right.
            string[] due = shell.IsClockRight ? [.. lines.TakeWhile(line => line.Score <= now).Select(line => line.Member)] : [];
            _dueLimit = Math.Clamp(2 * due.Length, FewDue, ManyDue);
            var rows = due.Length == 0 ? [] : await shell.Store.ReadRowsAsync(shell.Partition, Rows, due);
            CrashPoint.Hit("schedule.read");
            for (var i = 0; i < rows.Length; i++)
            {
                if (Book.Resolve(due[i], rows[i]) is { } entry) await ServeOneAsync(entry);
            }

            // What was not read is due still; or else it is what comes next.
            if (rows.Length < lines.Length) Book.Note(lines[rows.Length].Score);
            // A clock that has gone wrong while rows were read has left some of them unserved.
            if (due.Length > 0 && !shell.IsClockRight) Book.Note(lines[0].Score);
            if (due.Length > 0)
            {
                shell.Pump();
                await shell.Commits.Committed();
                CrashPoint.Hit("schedule.served");
            }

            return due.Length == limit || rows.Length < due.Length;
        }
        catch
        {
            Book.Note(known);
            throw;
        }
        finally
        {
            Book.EndReading(reading);
        }
    }
}
