using OrleansJobs.Diagnostics;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Flows;

/// <summary>What a partition does about flows for their workers and for those who send signals.</summary>
internal sealed class FlowDesk(IPartitionShell shell)
{
    private const int EventsPerPage = 500;
    private const int BytesPerPage = 512 << 10;

    private static readonly RowRead Events = new(GridLayout.Flows.Events);
    private static readonly RowRead States = new(GridLayout.Flows.States);

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

    /// <summary>Flows whose attempts end otherwise than others' are brought into memory before their reports are taken.</summary>
    public ValueTask PrepareAsync(JobReport[] reports)
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
        return new FlowPage
        {
            Run = run, Args = args, Groups = groups, Seen = seen, HasMore = seen < last, Partitions = shell.Options.Partitions, Started = started,
            Events = [.. events.Where(told => !flow.HasOverruled(told))],
        };
    }

    public async Task<FlowAnswer> ChangeAsync(LeaseName lease, FlowChange change)
    {
        if (Leased(lease) is not { } job) return new FlowAnswer(FlowAnswerKind.Stale);
        if (change.Children.Length > 0 && shell.Core.Letters.IsFull) return new FlowAnswer(FlowAnswerKind.Busy);
        var flow = await BringAsync(job);
        var pins = new List<string>();
        long last;
        try
        {
            foreach (var child in change.Children) await BringChildAsync(child, flow, pins);
            if (Leased(lease) is null) return new FlowAnswer(FlowAnswerKind.Stale);
            if (Book.Change(job, flow, change, shell.Now) is { } error) return new FlowAnswer(FlowAnswerKind.Refused, error);
            last = flow.Last;
        }
        finally
        {
            foreach (var id in pins) shell.Core.Jobs.Unpin(id);
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
            return new(outcome, outcome == SignalOutcome.Full ? $"So many signals of job '{id}' wait to be taken that no other is kept." : null);
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

    private async Task<byte[]?> ReadRowAsync(string id, long stamp) =>
        (await shell.Store.ReadRowsAsync(shell.Partition, States, [FlowEntry.KeyOf(id, stamp)]))[0] is { Exist: true } row ? row[0] : null;

    private async Task PrepareFlowsAsync(JobReport[] reports)
    {
        foreach (var report in reports)
        {
            if (report.Kind is ReportKind.Parked or ReportKind.StartedAnew && Leased(new(report.Id, report.Token)) is { } job) await BringAsync(job);
        }
    }

    /// <summary>A child that may exist is brought into memory, so that it is found.</summary>
    private async ValueTask BringChildAsync(ChildOrder child, FlowEntry flow, List<string> pins)
    {
        // What memory has not seen all of may have started it before, and have been told how it ended.
        if (!child.Job.MayExist && flow.RetriedAt == 0 && (child.Index >= 0 || flow.Ended is not null)) return;
        if (JobIds.PartitionOf(child.Job.Id, shell.Options.Partitions) != shell.Partition) return;
        shell.Core.Jobs.Pin(child.Job.Id);
        pins.Add(child.Job.Id);
        await shell.BringAsync(child.Job.Id);
    }

    private LiveJob? Leased(LeaseName lease) => shell.Core.Jobs.FindLeased(lease.Id) is { } job && job.Track.Token == lease.Token ? job : null;
}
