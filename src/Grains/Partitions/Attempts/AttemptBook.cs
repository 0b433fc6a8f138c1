using OrleansJobs.Batches;
using OrleansJobs.Diagnostics;
using OrleansJobs.Flows;
using OrleansJobs.Logs;
using OrleansJobs.Records;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>Who runs what: how attempts begin with a lease, and how they end with what their worker says.</summary>
internal sealed class AttemptBook(int partition, long generation, JobBook jobs, FlowBook flows, LogBook logs, StuckBook stuck, PendingChanges changes)
{
    /// <summary>Where the fencing tokens of its leases come from.</summary>
    public FencingCounter Tokens { get; } = new(generation);

    /// <summary>Gives a waiting job, whose record is in memory, to a silo. The lease counts once its commit is applied.</summary>
    /// <param name="batch">With whom it runs; null: by itself.</param>
    public Lease Lease(LiveJob job, string silo, long now, AttemptBatch? batch = null)
    {
        var hadGrainState = job.Track.HasGrainState;
        var token = Tokens.Next();
        if (batch is { Token: 0 }) batch.Token = token;
        jobs.Run(
            job,
            job.Track with
            {
                Version = JobVersion.Next(job, 0, now), Token = token, StartedAt = now, Silo = silo, IsRetrying = false, Trial = TrialState.None,
                WaitsFor = [], Batch = batch?.Token ?? 0, Marks = null,
            },
            batch);
        return LeaseOf(job, hadGrainState);
    }

    /// <summary>Whether this is the job's lease still.</summary>
    public bool Holds(Lease lease) => jobs.FindLeased(lease.Id) is { } job && job.Track.Token == lease.Token;

    /// <summary>
    /// Leases of this activation that a silo has been given and does not know of. Of a session also those of activations before: it may have come to another
    /// silo, and has nowhere else to learn of them.
    /// </summary>
    public List<Lease> MissingAt(string silo, LeaseName[] held)
    {
        var known = held.ToHashSet();
        var isSession = WorkSession.IsSession(SiloAddress.FromParsableString(silo));
        return jobs.Leased
            .Where(job => job.Track.Silo == silo && (isSession || FencingToken.GenerationOf(job.Track.Token) == generation) && !known.Contains(new(job.Id, job.Track.Token)))
            .Select(job => LeaseOf(job, job.Track.HasGrainState)).ToList();
    }

    /// <summary>A lease that never reached its worker: the job waits again, as if it had not been given out.</summary>
    public void Undo(LeaseName lease, long now)
    {
        if (jobs.FindLeased(lease.Id) is not { } job || job.Track.Token != lease.Token) return;
        var track = job.Track.WithoutAttempt();
        using var together = job.Lane.Line is null ? default : changes.Together();
        // What has waited for others to run with has done so, whenever it is that it waits again.
        var due = job.Batch is null ? now : Math.Min(now, job.Due);
        jobs.NeverBegan(job, now);
        if (track.CancelRequested) jobs.Finish(job, JobState.Revoked, null, null, track, now);
        else jobs.WaitAgain(job, due, track with { IsRetrying = track.History.Length > 0 }, now);
    }

    /// <summary>How much was told of an attempt nobody knows any more: its versions go on above all that may have been.</summary>
    /// <returns>False where it does not hold the job's lease.</returns>
    public bool Raise(LeaseName lease, long now)
    {
        if (jobs.FindLeased(lease.Id) is not { } job || job.Track.Token != lease.Token) return false;
        jobs.Note(job, job.Track with { Version = JobVersion.NextUnheard(job, now) });
        return true;
    }

    /// <summary>Takes what a worker says of an attempt; false where the attempt is stale, and nothing changes.</summary>
    public bool Report(JobReport report, long now)
    {
        if (report.Kind is ReportKind.HandlerReturned)
        {
            stuck.Release(new(report.Id, report.Token));
            return true;
        }

        if (jobs.FindLeased(report.Id) is not { } job || (job.Track.Token != report.Token && !Sabotage.IsOff(Safeguard.Fence))) return false;
        if (report.Logs is not { } lines)
        {
            Take(job, report, now);
            return true;
        }

        // What it has said last is stored with its end.
        using var together = changes.Together();
        logs.Append(job, lines);
        Take(job, report, now);
        return true;
    }

    /// <summary>The same of an attempt that goes on outside, whose job waits, and whose token has been looked at.</summary>
    public void ReportHeld(LiveJob job, JobReport report, long now) => Take(job, report, now);

    private void Take(LiveJob job, JobReport report, long now)
    {
        var track = job.Track with
        {
            Progress = report.Progress.Sequence > 0 ? report.Progress : job.Track.Progress,
            HasGrainState = job.Track.HasGrainState || report.HasGrainState,
            HasStarted = job.Track.HasStarted || !report.NeverStarted,
            MaxAttempts = report.MaxAttempts,
            Marks = report.Marks,
        };
        using var together = track.HasMemory || report.IsStuck || (report.NeverStarted && job.Lane.Line is not null) || report.Kind is ReportKind.Parked or ReportKind.StartedAnew ? changes.Together() : default;
        if (report.NeverStarted && job.Place == JobPlace.Leased) jobs.NeverBegan(job, now);
        if (report.IsStuck) stuck.Keep(job);
        switch (report.Kind)
        {
            case ReportKind.Succeeded:
                if (track.IsFlow) track = track with { Progress = flows.ProgressAtEnd(job, track.Progress) };
                jobs.Finish(job, JobState.Success, report.Result ?? "null"u8.ToArray(), null, track, now);
                break;
            case ReportKind.Failed:
                // A worker outside knows of a deadline as a time-out.
                var isLate = report.Error?.Code == JobErrorCodes.Timeout && DeadlineBook.EndOf(job.Spec!, track) <= now;
                jobs.Finish(job, JobState.Failure, null, isLate ? report.Error! with { Code = JobErrorCodes.DeadlineExceeded } : report.Error, track, now);
                break;
            case ReportKind.Cancelled:
                jobs.Finish(job, JobState.Revoked, null, null, track with { CancelRequested = true }, now);
                break;
            case var _ when track.CancelRequested:
                jobs.Finish(job, JobState.Revoked, null, null, track, now);
                break;
            case ReportKind.FailedOnce when DeadlineBook.EndOf(job.Spec!, track) <= now + Milliseconds(report.Delay):
                jobs.Finish(job, JobState.Failure, null, PastDeadline(report.Error), track, now);
                break;
            case ReportKind.FailedOnce:
                WaitAgain(job, now + Milliseconds(report.Delay), track.WithEnded("failed", report.Error, now) with { Failures = track.Failures + 1, IsRetrying = true, IsHeld = false, WaitsFor = [] }, now);
                break;
            case ReportKind.Held:
                var until = now + Milliseconds(report.Delay);
                jobs.WaitAgain(job, until, track with { IsHeld = true, WaitsFor = [new(WaitReasons.Report) { Until = DateTimeOffset.FromUnixTimeMilliseconds(until) }] }, now);
                break;
            case ReportKind.Postponed:
                jobs.WaitAgain(job, now + Milliseconds(report.Delay), track.WithEnded("postponed", null, now), now);
                break;
            case ReportKind.Returned:
                jobs.WaitAgain(job, now, track.WithEnded("returned", null, now), now);
                break;
            case ReportKind.Parked:
                track = track.Overcome();
                if (flows.Park(job, report.Park ?? new(), now, out var due) is { } refusal)
                {
                    jobs.Finish(job, JobState.Failure, null, refusal, track, now);
                    break;
                }

                jobs.WaitAgain(job, due, track with { WaitsFor = due == now ? [] : [.. flows.WaitsOf(job)], Progress = flows.ProgressOf(job, track.Progress) }, now);
                break;
            case ReportKind.StartedAnew:
                flows.StartAnew(job, report.Result ?? "null"u8.ToArray(), report.Park ?? new(), now);
                jobs.WaitAgain(job, now, track.Overcome(), now);
                break;
            default:
                throw new InvalidOperationException($"A report of unknown kind {report.Kind}.");
        }
    }

    private void WaitAgain(LiveJob job, long due, JobTrack track, long now)
    {
        if (job.Place is JobPlace.Waiting) jobs.Rewait(job, due, track, now);
        else jobs.WaitAgain(job, due, track, now);
    }

    private Lease LeaseOf(LiveJob job, bool hasGrainState)
    {
        var spec = job.Spec!;
        return new Lease
        {
            Id = job.Id, Partition = partition, Token = job.Track.Token, Type = spec.Type, Queue = job.Track.QueueOf(spec), Args = spec.Args,
            Attempt = job.Track.Attempt, Failures = job.Track.Failures, Crashes = job.Track.Crashes, IsSuspect = job.Lane.Suspects,
            SubmittedAt = DateTimeOffset.FromUnixTimeMilliseconds(spec.SubmittedAt), DueAt = DateTimeOffset.FromUnixTimeMilliseconds(job.Due),
            Tags = spec.Tags, Retry = spec.Retry, Attempts = spec.Attempts, Timeout = spec.Timeout, TraceParent = spec.TraceParent, HasGrainState = hasGrainState,
            Deadline = DeadlineBook.EndOf(spec, job.Track), HasMemory = job.Track.HasMemory, Flow = flows.RecallOf(job), Batch = job.Track.Batch,
            ProgressUrls = jobs.ToldOfProgress?.Invoke(spec, job.Track.QueueOf(spec)), WasHeld = job.Track.IsHeld, MayBeHeld = spec.Key is null && job.Lane.Limit is null,
        };
    }

    private static JobError PastDeadline(JobError? error) =>
        new(JobErrorCodes.DeadlineExceeded, error?.Type, $"Its next attempt would come after its deadline. The last one failed: {error?.Message}");

    private static long Milliseconds(TimeSpan delay) => Math.Max(0, (long)Math.Ceiling(delay.TotalMilliseconds));
}
