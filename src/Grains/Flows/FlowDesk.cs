using OrleansJobs.Diagnostics;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Flows;

/// <summary>What a partition does about flows for their workers and for those who send signals.</summary>
internal sealed class FlowDesk(IPartitionShell shell)
{
    private const int EventsPerPage = 500;
    private const int BytesPerPage = 512 << 10;

    /// <summary>Jobs that are read together, with their arguments.</summary>
    private const int JobsPerRead = 32;

    private static readonly RowRead Events = new(GridLayout.Flows.Events);
    private static readonly RowRead States = new(GridLayout.Flows.States);

    /// <summary>Without what they brought.</summary>
    private static readonly RowRead EventsAlone = new([new RowColumn(GridLayout.Flows.Events, FlowRecord.EventValue)]);

    private readonly JobRows _rows = new(shell.Store, shell.Partition);

    private FlowBook Book => shell.Core.Flows;

    /// <summary>How a flow stands, in memory. The caller has pinned the job, whose record is in memory.</summary>
    public async Task<FlowEntry> BringAsync(LiveJob job)
    {
        if (Book.Find(job) is { } known) return known;
        // Others have their turn meanwhile: what memory comes to know goes before what was read, and is kept until then.
        shell.Core.Jobs.Pin(job.Id);
        try
        {
            var row = job.Track.HasMemory ? await ReadRowAsync(job.Id, job.Spec!.Stamp) : null;
            return Book.Find(job) ?? Book.Load(job, row);
        }
        finally
        {
            shell.Core.Jobs.Unpin(job.Id);
        }
    }

    /// <summary>The same where anything is remembered of the job.</summary>
    public async Task BringIfAnyAsync(LiveJob job)
    {
        if (job.Track.HasMemory) await BringAsync(job);
    }

    /// <summary>A flow as it is stored, without a place in memory.</summary>
    /// <returns>Null: nothing is stored of it.</returns>
    public async Task<FlowEntry?> ReadStoredAsync(string id, long stamp)
    {
        if (await ReadRowAsync(id, stamp) is not { } row) return null;
        var flow = new FlowEntry(id, stamp, Book, isStored: true);
        FlowRecord.DecodeInto(flow, row);
        return flow;
    }

    /// <summary>Flows whose attempts end otherwise than others' are brought into memory before their reports are taken, and stay until the answer is disposed of.</summary>
    public ValueTask<PinnedJobs> PrepareAsync(JobReport[] reports)
    {
        foreach (var report in reports)
        {
            if (report.Kind is ReportKind.Parked or ReportKind.StartedAnew) return new(PrepareFlowsAsync(reports));
        }

        return default;
    }

    public async Task<FlowPage> ReadAsync(LeaseName lease, long after)
    {
        if (Leased(lease) is not { } job) return new FlowPage { IsStale = true };
        var flow = await BringAsync(job);
        var (run, args, last, groups, started) = (flow.Run, flow.Args, flow.Last, flow.Groups.Values.ToArray(), flow.Open.Keys.ToArray());
        // What is not stored has not happened; and what comes from here on is for the next look.
        await shell.Commits.Settled(flow);
        if (Leased(lease) is null) return new FlowPage { IsStale = true };
        var lines = last <= after
            ? []
            : await shell.Store.ReadPageAsync(shell.Partition, flow.Memory, new SetPlace(after, "~"), EventsPerPage, Events with { ByteBudget = BytesPerPage });
        var events = new List<FlowEvent>();
        foreach (var line in lines)
        {
            if (line.Rows is not { Exist: true } rows) break;
            events.Add(FlowRecord.DecodeEvent(rows[0]));
        }

        // A run that began anew goes on counting, and has nothing behind the place where it began.
        var seen = events.Count > 0 ? events[^1].Sequence : Math.Max(after, last);
        if (seen >= last) Book.Read(flow);
        if (after == 0 && seen >= last && (flow.Run, flow.Last) == (run, last)) flow.Recall.Fill(events);
        return new FlowPage
        {
            Run = run, Args = args, Groups = groups, Seen = seen, HasMore = seen < last, Partitions = shell.Options.Partitions, Started = started,
            Events = [.. events.Where(told => !flow.HasOverruled(told))],
        };
    }

    /// <inheritdoc cref="IPartitionFlows.ReadChildren"/>
    public async Task<JobStatus?[]> ReadChildrenAsync(string[] ids, int bytes)
    {
        if (ids.Length > FlowPending.MostChildren) throw new ArgumentException($"At most {FlowPending.MostChildren} ids.", nameof(ids));
        var budget = Math.Min(bytes, BytesPerPage);
        var outcomes = await _rows.ReadOutcomesAsync(ids, budget);
        var now = shell.Now;
        var children = new JobStatus?[outcomes.Length];
        List<int>? others = null;
        for (var i = 0; i < outcomes.Length; i++)
        {
            if (outcomes[i] is not { } record) (others ??= []).Add(i);
            else if (JobOutcome.DecodeEnd(record) is var end && end.RetainUntil > now) children[i] = StatusOf.Ended(ids[i], end);
        }

        if (others is null) return children;
        // Few, or none: who asks knows that they have ended, and one of them may have been run again by itself.
        var records = await _rows.ReadEndedAsync(others.ConvertAll(place => ids[place]), budget);
        for (var i = 0; i < records.Length; i++)
        {
            if (records[i] is { } record && record.IsKeptAt(now)) children[others[i]] = StatusOf.Stored(ids[others[i]], record, now);
        }

        return records.Length < others.Count ? children[..others[records.Length]] : children;
    }

    public async Task<FlowAnswer> ChangeAsync(LeaseName lease, FlowChange change)
    {
        if (Leased(lease) is not { } job) return new FlowAnswer(FlowAnswerKind.Stale);
        if (Book.IsBusy(change)) return new FlowAnswer(FlowAnswerKind.Busy);
        var flow = await BringAsync(job);
        long last;
        using (var pinned = new PinnedJobs(shell.Core.Jobs, []))
        {
            await BringManyAsync(ToBring(change, flow, pinned));
            if (Leased(lease) is null) return new FlowAnswer(FlowAnswerKind.Stale);
            if (Book.Change(job, flow, change, shell.Now) is { } error) return new FlowAnswer(FlowAnswerKind.Refused, error);
            last = flow.Last;
        }

        shell.Pump();
        await shell.Commits.Committed();
        CrashPoint.Hit("flow.changed");
        return new FlowAnswer(FlowAnswerKind.Stored, null, last);
    }

    public async Task FailParkedAsync(LeaseName lease, JobError error)
    {
        shell.Core.Jobs.Pin(lease.Id);
        try
        {
            if (await shell.BringAsync(lease.Id) is not { } job) return;
            await BringIfAnyAsync(job);
            Book.FailParked(job, lease.Token, error, shell.Now);
            await shell.Commits.Committed();
        }
        finally
        {
            shell.Core.Jobs.Unpin(lease.Id);
        }
    }

    public async Task<SignalReceipt> SignalAsync(string id, JobSignal signal)
    {
        if (signal.Name.Length is 0 or > 128) throw new ArgumentException("The name of a signal is 1 to 128 characters.", nameof(signal));
        if (signal.Body.Length > shell.Options.Limits.MaxArgsBytes) return new(SignalOutcome.Full, $"A signal has at most {shell.Options.Limits.MaxArgsBytes} bytes.");
        shell.Core.Jobs.Pin(id);
        try
        {
            var job = await shell.BringAsync(id);
            // A submit that is refused, or taken back, has no signals.
            if (job is not null) await shell.Commits.Settled(job);
            job = shell.Core.Jobs.Find(id);
            if (job is null || job.Outcome?.RetainUntil <= shell.Now || job.Place == JobPlace.Gone) return new(SignalOutcome.NotFound);
            if (job.Place == JobPlace.Finished) return new(SignalOutcome.Ended);
            var flow = await BringAsync(job);
            if (job.Place is JobPlace.Finished or JobPlace.Gone)
            {
                await shell.Commits.Settled(job);
                return new(SignalOutcome.Ended);
            }

            var outcome = Book.Signal(job, flow, signal, shell.Now);
            shell.Pump();
            if (outcome is SignalOutcome.Accepted or SignalOutcome.Replayed) await shell.CommittedInTimeAsync();
            return new(outcome, outcome == SignalOutcome.Full ? Book.WhyFull(job, flow) : null);
        }
        catch (TimeoutException)
        {
            return new(SignalOutcome.Unavailable, "The store did not answer in time.");
        }
        finally
        {
            shell.Core.Jobs.Unpin(id);
        }
    }

    /// <summary>How many children each group has, for those who look at a flow: it is not kept in memory for their sake.</summary>
    public async Task<FlowGroupCount[]?> CountGroupsAsync(string id)
    {
        shell.Core.Jobs.Pin(id);
        try
        {
            if (await shell.BringAsync(id) is not { } job || job.Outcome?.RetainUntil <= shell.Now || job.Place == JobPlace.Gone) return null;
            if (!job.Track.HasMemory || (Book.Find(job) ?? await ReadStoredAsync(id, job.Spec!.Stamp)) is not { } flow) return [];
            return [.. flow.Groups.Values.Select(group => new FlowGroupCount(group.Name, group.Total, group.Started, group.Succeeded, group.Failed))];
        }
        finally
        {
            shell.Core.Jobs.Unpin(id);
        }
    }

    /// <summary>What happened on a job's way, for those who look at it: as it is stored, and not kept in memory for their sake.</summary>
    public async Task<FlowPast?> ReadPastAsync(string id)
    {
        shell.Core.Jobs.Pin(id);
        try
        {
            if (await shell.BringAsync(id) is not { } job || job.Outcome?.RetainUntil <= shell.Now || job.Place == JobPlace.Gone) return null;
            if (!job.Track.HasMemory) return FlowPast.None;
            var known = Book.Find(job);
            if (known is not null) await shell.Commits.Settled(known);
            if ((known ?? await ReadStoredAsync(id, job.Spec!.Stamp)) is not { } flow) return FlowPast.None;
            var unread = flow.Unread;
            var started = flow.Open.ToArray();
            // One more than are told, to know whether there are others.
            var lines = await shell.Store.ReadSetAsync(shell.Partition, flow.Memory, new(long.MinValue, long.MaxValue, FlowPast.MostTold + 1, Descending: true));
            var hasMore = lines.Length > FlowPast.MostTold;
            var rows = await shell.Store.ReadRowsAsync(shell.Partition, EventsAlone with { ByteBudget = BytesPerPage }, [.. lines.Take(FlowPast.MostTold).Select(line => line.Member)]);
            // Newest first, as they are read: those beyond the budget are the oldest.
            var events = rows.Where(row => row.Exist).Select(row => FlowRecord.DecodeEvent(row[0])).ToList();
            var happened = events.Select(told => PastOf(told, told.Kind is FlowEventKind.Signal && unread-- > 0)).OfType<FlowHappened>().ToList();
            happened.Reverse();
            var (starts, areAll) = await StartsAsync(events, started);
            happened.InsertRange(0, starts);
            return new([.. happened.OrderBy(one => one.At).TakeLast(FlowPast.MostTold)], hasMore || !areAll || rows.Length < Math.Min(lines.Length, FlowPast.MostTold) || happened.Count > FlowPast.MostTold);
        }
        finally
        {
            shell.Core.Jobs.Unpin(id);
        }
    }

    /// <returns>Null: it is the runner's own, or nobody knows when it was.</returns>
    private static FlowHappened? PastOf(FlowEvent told, bool isUnread)
    {
        if (told.At == 0 || FlowNames.IsOwn(told.Name)) return null;
        var at = DateTimeOffset.FromUnixTimeMilliseconds(told.At);
        return told.Kind switch
        {
            FlowEventKind.Step => new(TimelineWords.Step, told.Name, at) { Error = told.Error },
            FlowEventKind.Child => new(TimelineWords.ChildEnded, told.Name, at) { Job = told.Job, State = told.State, Error = told.Error },
            FlowEventKind.GroupFailure => new(TimelineWords.ChildEnded, FlowNames.PartOf(told.Name, told.Index), at) { Job = told.Job, State = told.State, Error = told.Error },
            FlowEventKind.Signal => new(TimelineWords.Signal, told.Name, at) { IsUnread = isUnread },
            _ => null,
        };
    }

    /// <summary>When children with names were started, of those that are here, which nearly all are: by their own records, as nothing else is kept of it.</summary>
    /// <returns>Oldest first; and whether none was left out because there are too many.</returns>
    private async Task<(List<FlowHappened> Starts, bool AreAll)> StartsAsync(List<FlowEvent> events, KeyValuePair<string, string>[] open)
    {
        // Those first whose ends are told, then the newest: they are kept about in the order in which they were started.
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var told in events.Where(static told => told is { Kind: FlowEventKind.Child, Job: not null })) names.TryAdd(told.Job!, told.Name);
        foreach (var (name, child) in open.AsEnumerable().Reverse()) names.TryAdd(child, name);
        var here = names.Keys.Where(child => JobIds.PartitionOf(child, shell.Options.Partitions) == shell.Partition).ToArray();
        if (here.Length == 0) return ([], true);
        var ids = here[..Math.Min(here.Length, FlowPast.MostTold)];
        var records = await _rows.ReadListedAsync(ids, BytesPerPage);
        var starts = new List<FlowHappened>();
        for (var i = 0; i < records.Length; i++)
        {
            if (records[i] is { } record) starts.Add(new(TimelineWords.ChildStarted, names[ids[i]], DateTimeOffset.FromUnixTimeMilliseconds(Records.JobSpec.Decode(record.Spec).SubmittedAt)) { Job = ids[i] });
        }

        starts.Reverse();
        return (starts, here.Length == ids.Length && records.Length == ids.Length);
    }

    private async Task<byte[]?> ReadRowAsync(string id, long stamp) =>
        (await shell.Store.ReadRowsAsync(shell.Partition, States, [FlowEntry.KeyOf(id, stamp)]))[0] is { Exist: true } row ? row[0] : null;

    private async Task<PinnedJobs> PrepareFlowsAsync(JobReport[] reports)
    {
        var pinned = new PinnedJobs(shell.Core.Jobs, []);
        try
        {
            var children = new List<string>();
            foreach (var report in reports)
            {
                if (report.Kind is not (ReportKind.Parked or ReportKind.StartedAnew) || Leased(new(report.Id, report.Token)) is not { } job) continue;
                pinned.Add(job.Id);
                var flow = await BringAsync(job);
                if (report.Park?.Change is { } change) children.AddRange(ToBring(change, flow, pinned));
            }

            // Of all flows together: what comes with them waits for one read, not for one of each child.
            await BringManyAsync(children);
        }
        catch
        {
            pinned.Dispose();
            throw;
        }

        return pinned;
    }

    /// <summary>Children that may exist are to be brought into memory, so that they are found.</summary>
    private List<string> ToBring(FlowChange change, FlowEntry flow, PinnedJobs pinned)
    {
        var ids = new List<string>();
        foreach (var child in change.Children)
        {
            // What memory has not seen all of may have started it before, and have been told how it ended.
            if (!child.Job.MayExist && flow.RetriedAt == 0 && (child.Index >= 0 || flow.Ended is not null)) continue;
            if (JobIds.PartitionOf(child.Job.Id, shell.Options.Partitions) != shell.Partition) continue;
            pinned.Add(child.Job.Id);
            ids.Add(child.Job.Id);
        }

        return ids;
    }

    /// <summary>Jobs that the caller has pinned, with their records in memory where there are any.</summary>
    private async Task BringManyAsync(List<string> ids)
    {
        var jobs = shell.Core.Jobs;
        ids.RemoveAll(id => jobs.Find(id) is { Spec: not null });
        foreach (var part in ids.Chunk(JobsPerRead))
        {
            var stored = await _rows.ReadAsync(part);
            for (var i = 0; i < part.Length; i++)
            {
                if (stored[i] is not { } record) continue;
                // Others had their turn meanwhile: what memory knows goes before what was read.
                if (jobs.Find(part[i]) is { } job) jobs.LoadSpec(job, record);
                else jobs.Load(part[i], record);
            }
        }
    }

    private LiveJob? Leased(LeaseName lease) => shell.Core.Jobs.FindLeased(lease.Id) is { } job && job.Track.Token == lease.Token ? job : null;
}
