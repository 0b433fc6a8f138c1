using OrleansJobs.Batches;
using OrleansJobs.Hosting;
using OrleansJobs.Keys;
using OrleansJobs.Lending;
using OrleansJobs.Records;
using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>The jobs of a partition that are in memory, where each of them stands, and how many there are.</summary>
internal sealed class JobBook
{
    /// <summary>When a job is due that does not wait for time: the end of the year 9999.</summary>
    public const long Never = 253_402_300_799_999;

    private readonly JobGridOptions _options;
    private readonly PendingChanges _changes;
    private readonly DeadlineBook _deadlines;
    private readonly Suspicion _suspicion;
    private readonly KeyBook _keys;
    private readonly QueueLimitBook _limits;
    private readonly LaneNames _laneNames = new();
    private readonly Dictionary<string, LiveJob> _live = [];
    private readonly Dictionary<string, LiveJob> _leased = [];
    private readonly Dictionary<string, int> _pins = [];

    /// <summary>Batches that ran when the partition opened, by the token of their first.</summary>
    private readonly Dictionary<long, AttemptBatch> _foundBatches = [];
    private long _lastStamp;

    /// <param name="keptEmptyLanes">See <see cref="LaneIndex"/>.</param>
    public JobBook(PartitionOpening opening, JobGridOptions options, PendingChanges changes, DeadlineBook deadlines, Suspicion suspicion, KeyBook keys, QueueLimitBook limits, int keptEmptyLanes)
    {
        (_options, _changes, _deadlines, _suspicion, _keys, _limits) = (options, changes, deadlines, suspicion, keys, limits);
        _lastStamp = opening.LastStamp;
        Batches = new BatchBook();
        Index = new LaneIndex(options.WindowJobs, keptEmptyLanes, keys, limits, Batches);
        Batches.Index = Index;
        Windows = new LaneWindows(Index, this, options);
        Counts = new JobCounts(opening);
        Unfinished = Counts.All().Where(count => !count.State.IsTerminal).Sum(count => count.Jobs);
        foreach (var (name, count, _) in opening.Sets(GridLayout.Jobs.Lanes))
        {
            var lane = Index.Of(name);
            lane.Count = count;
            if (count > 0) lane.StartUnread();
        }

        changes.Committed += OnCommitted;
    }

    /// <summary>The lanes that jobs wait in.</summary>
    public LaneIndex Index { get; }

    /// <summary>What memory holds of them.</summary>
    public LaneWindows Windows { get; }

    /// <summary>Which of them are handed out in batches.</summary>
    public BatchBook Batches { get; }

    public JobCounts Counts { get; }

    public IReadOnlyCollection<Lane> Lanes => Index.All;

    public IReadOnlyCollection<LiveJob> Leased => _leased.Values;

    /// <summary>Jobs that have not ended.</summary>
    public long Unfinished { get; private set; }

    /// <summary>Jobs that wait in memory without standing in a window and with nothing under way that would bring them there. Anything but 0 is a defect.</summary>
    public int Orphans => _live.Values.Count(job => job is { Place: JobPlace.Waiting, InWindow: false, IsSettled: true } && !job.Lane.Keeps(job) && !_pins.ContainsKey(job.Id));

    public LiveJob? Find(string id) => _live.GetValueOrDefault(id);

    public LiveJob? FindLeased(string id) => _leased.GetValueOrDefault(id);

    /// <summary>Why the grid cannot take another job now; null where it can.</summary>
    public string? RefusalOf(JobSubmission job)
    {
        if (Unfinished >= Math.Max(1, _options.MaxBacklog / _options.Partitions))
            return $"The grid holds as many unfinished jobs as it may ({_options.MaxBacklog}).";
        return RefusalOfLane(job);
    }

    /// <summary>From whose ends something follows, by what they are and the queue that they are in, beside those of which their records say so; null: of none.</summary>
    public Func<JobSpec, string, bool>? IsFollowedToo { get; set; }

    /// <summary>Whom the worker of a job tells how far it is, by what it is and the queue that it is in; null: nobody's.</summary>
    public Func<JobSpec, string, string[]?>? ToldOfProgress { get; set; }

    /// <summary>A job has ended from whose end something follows. What other books change because of it is stored with the end.</summary>
    public event Action<LiveJob, long>? Ended;

    /// <summary>A job is to be forgotten of which other books keep something, with which this is stored.</summary>
    public event Action<LiveJob, long>? Forgotten;

    /// <summary>A job that had failed or was cancelled, and of which other books keep something, or whose flow knows its end, runs again.</summary>
    public event Action<LiveJob, long>? Retried;

    /// <summary>An attempt of a job that has a log is over; set by the book of logs.</summary>
    public Action<LiveJob>? LogRests { get; set; }

    /// <summary>Nobody has pinned a job any more; set by the book of logs.</summary>
    public Action<string>? Unpinned { get; set; }

    /// <summary>A job that has a log is to be forgotten; what is kept of it goes in the same decision.</summary>
    public Action<LiveJob>? LogGoes { get; set; }

    /// <summary>Takes a job that comes from outside, has been checked against the rules and is known to be new.</summary>
    public LiveJob Submit(JobSubmission submission, long now)
    {
        var job = Make(submission, now, null);
        job.Origin = job;
        return job;
    }

    /// <summary>
    /// The same of a job that follows from something accepted: no store is too full for it. Nobody is there to be told to come later, so one that comes too soon by
    /// a rate that refuses fails, and one whose key would open a lane too many.
    /// </summary>
    public LiveJob SubmitInside(JobSubmission submission, long now, ScheduledRun? scheduled = null)
    {
        var refusal = submission.Key is null ? null : RefusalOfLane(submission);
        var job = Make(submission, now, scheduled);
        if (refusal is not null) Finish(job, JobState.Failure, null, new(JobErrorCodes.Overloaded, null, refusal), job.Track, now);
        else if (submission.Key is not null) Admit(job, now);
        return job;
    }

    /// <summary>When a job that had come too soon by a rate that refuses may come; null: it may now, or it is not that by which it has ended.</summary>
    public long? ThrottledUntil(LiveJob job, long now) => WasThrottled(job) ? _keys.TooSoon(job.Spec!.Key!, now) : null;

    // A handler may fail with the same word, of a job whose submit was counted.
    private static bool WasThrottled(LiveJob job) => job is { Outcome.Error.Code: JobErrorCodes.Throttled, Track.Token: 0, Spec.Key: not null };

    /// <summary>Counts the submit of a job with a key, or ends the job where the key's rate refuses it.</summary>
    private void Admit(LiveJob job, long now)
    {
        var key = job.Spec!.Key!;
        if (_keys.TooSoon(key, now) is { } next)
            Finish(job, JobState.Failure, null, new(JobErrorCodes.Throttled, null, $"The rate of '{key}' allows no other submit for {next - now} ms."), job.Track, now);
        else _keys.Submitted(key, now);
    }

    private LiveJob Make(JobSubmission submission, long now, ScheduledRun? scheduled)
    {
        var due = submission.Eta ?? now + (submission.Countdown ?? 0);
        _lastStamp = Math.Max(_lastStamp + 1, JobSpec.StampAt(now));
        var spec = JobSpec.Of(submission, now, _lastStamp, Math.Max(due, now), scheduled);
        var lane = Index.Of(_laneNames.Of(spec.Queue, spec.Priority, spec.Type, suspects: false, spec.Key));
        Index.Owners.Own(lane, submission.Owner);
        var job = new LiveJob(submission.Id, this) { Spec = spec, Lane = lane };
        // A deleted job may still be pinned by somebody who has yet to hear of it.
        if (_live.GetValueOrDefault(job.Id) is { Place: JobPlace.Gone, IsSettled: true }) _live.Remove(job.Id);
        _live.Add(job.Id, job);
        Unfinished++;
        if (spec.After.Length == 0) Wait(job, spec.DueAt, JobTrack.Fresh);
        else Wait(job, Never, JobTrack.Fresh with { WaitsFor = [.. spec.After.Select(after => new WaitReason(WaitReasons.Job) { Name = after.Job })] });
        return job;
    }

    /// <summary>The stamp that all that was submitted until now have at most, and all that comes later is above.</summary>
    public long MarkStamp(long now) => _lastStamp = Math.Max(_lastStamp, JobSpec.StampAt(now));

    /// <summary>Takes back a submit whose commit has not been sent.</summary>
    public bool TryWithdraw(LiveJob job) => job.Place == JobPlace.Waiting && _changes.TryWithdraw(job);

    /// <summary>Brings a stored job into memory, as it is.</summary>
    public LiveJob Load(string id, StoredJob stored)
    {
        var job = Inflate(id, stored);
        Add(job);
        if (job.Place != JobPlace.Leased) return job;
        _leased.Add(id, job);
        if (job.Track.Batch is not 0 and var token)
        {
            // Others of it may have ended before, and nobody knows whether they had begun.
            if (!_foundBatches.TryGetValue(token, out var batch)) _foundBatches.Add(token, batch = new AttemptBatch { Token = token, Size = int.MaxValue });
            job.Batch = batch;
            if (batch.Members++ > 0) return job;
        }

        if (job.Lane.Line is { } line) _keys.Take(line);
        if (_limits.HasAny) _limits.Found(job.Lane.Queue);
        return job;
    }

    /// <summary>Fills in what memory had let go of.</summary>
    public void LoadSpec(LiveJob job, StoredJob stored)
    {
        if (job.Spec is not null) return;
        job.Spec = JobSpec.Decode(stored.Spec);
        Windows.Weigh(job);
        if (job.InWindow) Index.Tell(job.Lane);
        if (!job.IsSketch) return;
        // Of a sketch only its place in the lane is known; what happened to the job so far is in its record.
        var whole = Inflate(job.Id, stored, job.Lane);
        job.Track = whole.Track;
        job.Stored = whole.Stored;
        job.IsSketch = false;
        // When a batch goes depends on whether its first was handed out before, which is known only now.
        if (job.Lane.Batch is not null) Index.Changed(job.Lane);
        if (job.Lane.Line is not { } line) return;
        // The seat of a sketch says no more than about when it is due.
        line.Weigh(job.Spec);
        job.Due = whole.Due;
        Index.Changed(job.Lane);
    }

    /// <summary>
    /// A record of this job is being read. Until <see cref="Unpin"/> memory does not let go of the job, should it come to know it: what was
    /// read may be older than what happens meanwhile.
    /// </summary>
    public void Pin(string id) => _pins[id] = _pins.GetValueOrDefault(id) + 1;

    public void Unpin(string id)
    {
        var pins = _pins[id] - 1;
        if (pins > 0)
        {
            _pins[id] = pins;
            return;
        }

        _pins.Remove(id);
        if (_live.TryGetValue(id, out var job)) LetGo(job);
        Unpinned?.Invoke(id);
    }

    public bool IsPinned(string id) => _pins.ContainsKey(id);

    /// <summary>More than one has pinned it.</summary>
    public bool IsPinnedTwice(string id) => _pins.GetValueOrDefault(id) > 1;

    /// <summary>Puts a job back into its lane, after something has happened to it.</summary>
    public void WaitAgain(LiveJob job, long due, JobTrack track, long now) => Wait(
        job, due, track, JobVersion.Next(job, track.Progress.Sequence, now),
        keepsSeat: job.Lane.Line is { } line && job.Track.Token != 0 && (due <= now || (line.Rule?.Order == KeyOrder.Fifo && track.IsRetrying)));

    /// <summary>A job that had ended waits again.</summary>
    /// <param name="round">Of a child that its flow has run again: the round that it runs for from now on.</param>
    public void Reopen(LiveJob job, JobTrack track, long now, int? round)
    {
        var isKnown = track.HasMemory || job.Spec!.Parent is not null;
        // Its submit has not been counted: it comes now.
        var comesNow = WasThrottled(job);
        using var together = isKnown || comesNow ? _changes.Together() : default;
        Unfinished++;
        WaitAgain(job, now, track, now);
        if (isKnown) Retried?.Invoke(job, now);
        if (round is { } later) Note(job, job.Track with { Round = later });
        if (comesNow) Admit(job, now);
    }

    /// <summary>What a waiting job waited for has come, or it has less to wait for.</summary>
    /// <param name="due">Null: when it was.</param>
    public void Rewait(LiveJob job, long? due, JobTrack track, long now)
    {
        job.Lane.Remove(job);
        WaitAgain(job, due ?? job.Due, track, now);
    }

    /// <summary>What is known of a job beside its place has changed; what a worker tells of it is none of it.</summary>
    public void Note(LiveJob job, JobTrack track)
    {
        job.Track = track;
        _changes.Mark(job);
    }

    /// <summary>A waiting job runs from now on.</summary>
    /// <param name="batch">With whom; null: by itself. Of all in it only the first has a turn and takes permits.</param>
    public void Run(LiveJob job, JobTrack track, AttemptBatch? batch = null)
    {
        job.Batch = batch;
        var isFirst = batch is null || batch.Members++ == 0;
        if (batch is not null) batch.Size++;
        var isUnique = job.Spec!.Unique is { Until: UniqueUntil.Start } && !track.IsUniqueOver;
        using var decision = isUnique ? _changes.Together() : default;
        if (isUnique) track = _keys.Uniques.Release(job, track, mayShare: true, track.StartedAt);
        if (isFirst) Index.Serve(job.Lane);
        job.Lane.Remove(job);
        job.Place = JobPlace.Leased;
        job.Track = track;
        _leased.Add(job.Id, job);
        Windows.Weigh(job);
        if (isFirst && _limits.HasAny) _limits.Start(job.Lane.Queue, AttemptOf(job));
        if (isFirst && job.Lane.Line is { } line)
        {
            using var together = _changes.Together();
            _changes.Mark(job);
            _keys.Take(line, track.StartedAt);
            return;
        }

        _changes.Mark(job);
    }

    /// <summary>A job that was given out never began, and is about to wait again, or to end: it was no start of a rate. Of a batch that is so once none of it has begun.</summary>
    public void NeverBegan(LiveJob job, long now)
    {
        if ((job.Lane.Line is null && !_limits.HasAny) || (job.Batch is { } batch && ++batch.NeverBegan < batch.Size)) return;
        if (job.Lane.Line is { } line) _keys.NeverBegan(line, job.Track.StartedAt, now);
        if (_limits.HasAny) _limits.NeverBegan(job.Lane.Queue, AttemptOf(job));
    }

    /// <summary>A waiting job with a key takes another seat in its line: one that was left, or that of when it is due.</summary>
    public void TakeSeat(LiveJob job, long seat)
    {
        job.Lane.Remove(job);
        job.Seat = seat;
        job.Track = job.Track with { Seat = seat == (job.Spec is { } spec ? KeySeat.Of(spec, job.Due) : KeySeat.At(job.Due)) ? null : seat };
        job.Lane.Add(job);
        _changes.Mark(job);
    }

    public void Finish(LiveJob job, JobState state, byte[]? result, JobError? error, JobTrack track, long now)
    {
        var isFollowed = job.Spec!.IsFollowed || track.IsFollowed || IsFollowedToo?.Invoke(job.Spec, track.QueueOf(job.Spec)) == true;
        var isUnique = job.Spec.Unique is not null && !track.IsUniqueOver;
        using var together = isFollowed || isUnique ? _changes.Together() : default;
        if (isUnique) track = _keys.Uniques.Release(job, track, state == JobState.Success, now);
        if (job.Place == JobPlace.Waiting) job.Lane.Remove(job);
        Vacate(job);
        job.Place = JobPlace.Finished;
        Windows.Weigh(job);
        job.Track = track with { Version = JobVersion.Next(job, track.Progress.Sequence, now), WaitsFor = [], Batch = 0, History = JobTrack.WithoutTexts(track.History, error) };
        // A child is kept as long as its flow, which says when it has no use for it any more.
        var retention = job.Spec.Parent is not null && !track.IsOrphan ? Never - now : job.Spec.Retention
            ?? (long)(state == JobState.Failure ? _options.FailureRetention : _options.SuccessRetention).TotalMilliseconds;
        job.Outcome = new JobOutcome
        {
            State = state, Result = result, Error = error, FinishedAt = now, RetainUntil = now + retention, Track = job.Track,
        };
        if (job.Spec.Unique is { For: { } shared } rule && (rule.Until == UniqueUntil.Start || state == JobState.Success))
        {
            // Who asks for its value until then is given this job.
            var free = (rule.Until == UniqueUntil.Start ? track.StartedAt : now) + shared;
            if (job.Outcome.RetainUntil < free) job.Outcome = job.Outcome with { RetainUntil = free };
        }

        Unfinished--;
        _changes.Mark(job);
        if (isFollowed) Ended?.Invoke(job, now);
    }

    /// <summary>A finished job is gone.</summary>
    public void Forget(LiveJob job, long now)
    {
        using var together = job.Track.HasMemory || job.Track.HasLogs ? _changes.Together() : default;
        job.Place = JobPlace.Gone;
        // Who has seen its end is not to take the next job of this id for it.
        _lastStamp = Math.Max(_lastStamp, JobVersion.LastStampOf(job.Spec!, job.Track));
        _changes.Mark(job);
        if (job.Track.HasMemory) Forgotten?.Invoke(job, now);
        if (job.Track.HasLogs) LogGoes?.Invoke(job);
    }

    /// <summary>Forgets a job that was never stored.</summary>
    public void Discard(LiveJob job)
    {
        if (job.Place == JobPlace.Waiting) job.Lane.Remove(job);
        // One that was cancelled before it was stored has ended already.
        if (job.Place is JobPlace.Waiting or JobPlace.Leased) Unfinished--;
        if (job.Spec is { Unique: not null }) _keys.Uniques.Abandon(job);
        Vacate(job);
        job.Place = JobPlace.Gone;
        Windows.Weigh(job);
        _live.Remove(job.Id);
    }

    /// <summary>Memory lets go of a job where it need not keep it.</summary>
    public void LetGo(LiveJob job)
    {
        if (!job.IsSettled || job.Place == JobPlace.Leased || (job.Place == JobPlace.Waiting && (job.InWindow || job.Lane.Keeps(job)))) return;
        if (_pins.ContainsKey(job.Id) || !_live.Remove(job.Id)) return;
        Windows.Drop(job);
        job.Lane.LetGo(job);
    }

    /// <summary>The job in memory for an entry of a lane's page, made where there is none; null where it does not wait there.</summary>
    public LiveJob? Resolve(Lane lane, LaneEntry entry)
    {
        if (_live.TryGetValue(entry.Id, out var known))
            return known.Place == JobPlace.Waiting && known.Lane == lane && known.Score == entry.Score ? known : null;
        var job = entry.Job is { } stored
            ? Inflate(entry.Id, stored, lane)
            : new LiveJob(entry.Id, this)
            {
                IsSketch = true, Lane = lane, Due = lane.Line is null ? entry.Score : KeySeat.DueOf(entry.Score), Seat = entry.Score,
                Stored = new() { HasSpec = true, Lane = lane.Name, Score = entry.Score, Counted = JobState.Pending },
            };
        if (job.Place != JobPlace.Waiting) return null;
        Add(job);
        return job;
    }

    private void Add(LiveJob job)
    {
        _live.Add(job.Id, job);
        Windows.Weigh(job);
    }

    /// <summary>Why it cannot wait where it would have to; null where it can.</summary>
    public string? RefusalOfLane(JobSubmission job) => RefusalOfLane(_laneNames.Of(job.Queue, job.Priority, job.Type, suspects: false, job.Key), job.Owner);

    /// <summary>A waiting job is to go into the lane that its track says: that is made, and counts as the owner's of the lane that it leaves.</summary>
    /// <returns>Why it cannot wait there; null where it can.</returns>
    public string? TryOwnLane(JobSpec spec, JobTrack track, string? owner)
    {
        var name = _laneNames.Of(track.QueueOf(spec), track.Priority ?? spec.Priority, spec.Type, _suspicion.IsSuspect(track), spec.Key);
        if (RefusalOfLane(name, owner) is { } refusal) return refusal;
        Index.Owners.Own(Index.Of(name), owner);
        return null;
    }

    private string? RefusalOfLane(string lane, string? owner)
    {
        if (Index.Contains(lane)) return null;
        var owners = Index.Owners;
        if (Index.Count >= _options.MaxLanes || owners.CountOf(owner) >= _options.MaxLanesPerKey) Index.ForgetAll();
        if (Index.Count >= _options.MaxLanes)
            return $"The grid holds as many combinations of queue, priority and type as it may ({_options.MaxLanes}).";
        if (owners.CountOf(owner) >= _options.MaxLanesPerKey)
            return $"Unfinished jobs of '{owner}' stand in as many combinations of queue, priority and type as one submitter's may ({_options.MaxLanesPerKey}).";
        return null;
    }

    /// <param name="found">The lane it was read from; null: the one that its record tells of.</param>
    private LiveJob Inflate(string id, StoredJob stored, Lane? found = null)
    {
        var spec = JobSpec.Decode(stored.Spec);
        var outcome = stored.Outcome is { } ended ? JobOutcome.Decode(ended) : null;
        var lease = outcome is null && stored.Lease is { } leased ? JobTrack.Decode(leased) : null;
        var waiting = outcome is null && lease is null && stored.Track is { } tracked ? JobTrack.Decode(tracked) : null;
        var track = outcome?.Track ?? lease ?? waiting ?? JobTrack.Fresh;
        var lane = found ?? Index.Of(_laneNames.Of(track.QueueOf(spec), track.Priority ?? spec.Priority, spec.Type, track.IsSuspect, spec.Key));
        var waits = outcome is null && lease is null;
        var due = track.DueAt ?? spec.DueAt;
        var seat = spec.Key is null ? 0 : track.Seat ?? KeySeat.Of(spec, due);
        if (waits) lane.Line?.Weigh(spec);
        return new LiveJob(id, this)
        {
            Spec = spec, Track = track, Outcome = outcome, Lane = lane, Due = due, Seat = seat,
            Place = outcome is not null ? JobPlace.Finished : lease is not null ? JobPlace.Leased : JobPlace.Waiting,
            Stored = new JobShape
            {
                HasSpec = true, Lane = waits ? lane.Name : null, Score = !waits ? 0 : lane.Line is null ? due : seat, Track = waiting, Lease = lease, Outcome = outcome,
                EndsBy = waits ? DeadlineBook.Of(spec, track) : null,
                Counted = outcome?.State ?? (lease is not null || track.IsUnderWay ? JobState.Progress : JobState.Pending), MovedTo = track.Queue,
            },
        };
    }

    /// <summary>Puts a job into its lane, from wherever it was.</summary>
    /// <param name="version">Of what becomes of it; null: that of its track.</param>
    /// <param name="keepsSeat">Of a job with a key that has run: it stands where its submit put it.</param>
    private void Wait(LiveJob job, long due, JobTrack track, long? version = null, bool keepsSeat = false)
    {
        Vacate(job);
        job.Place = JobPlace.Waiting;
        job.Due = due;
        // What lane it waits in is stored with it, and never derived again: the options may be others when it is read.
        job.Track = version is null && track == JobTrack.Fresh ? track
            : track with { Version = version ?? track.Version, DueAt = due == job.Spec!.DueAt ? null : due, IsSuspect = _suspicion.IsSuspect(track), Batch = 0 };
        job.Outcome = null;
        if (job.Spec!.Key is not null) Seat(job, keepsSeat);
        job.Lane = Index.Of(_laneNames.Of(job.Track.QueueOf(job.Spec), job.Track.Priority ?? job.Spec.Priority, job.Spec.Type, job.Track.IsSuspect, job.Spec.Key));
        job.Lane.Line?.Weigh(job.Spec);
        job.Lane.Add(job);
        Windows.Weigh(job);
        _deadlines.Note(DeadlineBook.Of(job.Spec, job.Track));
        _changes.Mark(job);
    }

    private static void Seat(LiveJob job, bool keepsSeat)
    {
        var seat = KeySeat.Of(job.Spec!, job.Due);
        // One that had taken another's seat, or was moved forward, keeps that.
        job.Seat = !keepsSeat ? seat : job.Seat > 0 ? Math.Min(job.Seat, KeySeat.First(job.Spec!)) : KeySeat.First(job.Spec!);
        long? kept = job.Seat == seat ? null : job.Seat;
        if (job.Track.Seat != kept) job.Track = job.Track with { Seat = kept };
    }

    /// <summary>It runs no more, if it did.</summary>
    private void Vacate(LiveJob job)
    {
        if (!_leased.Remove(job.Id)) return;
        if (job.Track.HasLogs) LogRests?.Invoke(job);
        var attempt = AttemptOf(job);
        if (job.Batch is { } batch)
        {
            job.Batch = null;
            // What they take together is taken until the last of them has ended.
            if (--batch.Members > 0) return;
            _foundBatches.Remove(batch.Token);
        }

        if (job.Lane.Line is { } line) _keys.GiveBack(line);
        if (_limits.HasAny) _limits.End(job.Lane.Queue, attempt);
    }

    /// <summary>What has one permit, by its own identity: a job, or those that run with it.</summary>
    private static object AttemptOf(LiveJob job) => (object?)job.Batch ?? job;

    private void OnCommitted(SealedCommit commit)
    {
        Counts.Add(commit.Commit);
        Windows.Trim();
        Index.Forget();
    }
}
