using System.Runtime.InteropServices;
using OrleansJobs.Hosting;
using OrleansJobs.Records;
using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>
/// The decisions of a partition, without I/O and without a clock of its own: every call is told the time in Unix milliseconds. Changes are
/// gathered and leave as commits (<see cref="Seal"/>); nothing that came of a change may be said before its commit is applied.
/// </summary>
internal sealed partial class PartitionCore
{
    private readonly JobGridOptions _options;
    private readonly Dictionary<string, LiveJob> _live = [];
    private readonly Dictionary<string, LiveJob> _leased = [];
    private readonly LaneIndex _lanes;
    private readonly Dictionary<string, long> _counts = [];
    private readonly Dictionary<string, int> _pins = [];
    private long _lastStamp;
    private long _tokens;
    private long _windowBytes;

    /// <param name="keptEmptyLanes">See <see cref="LaneIndex"/>.</param>
    public PartitionCore(int partition, PartitionOpening opening, JobGridOptions options, int keptEmptyLanes = LaneIndex.KeptEmpty)
    {
        Partition = partition;
        Generation = opening.Generation;
        NextDeadline = opening.First(GridLayout.Jobs.Deadlines);
        _options = options;
        _lanes = new LaneIndex(options.WindowJobs, keptEmptyLanes);
        _lastStamp = opening.LastStamp;
        foreach (var (key, count) in opening.Counts(GridLayout.Jobs.Counts)) _counts[key] = count;
        Unfinished = Counts().Where(count => !count.State.IsTerminal).Sum(count => count.Jobs);
        foreach (var (name, count, _) in opening.Sets(GridLayout.Jobs.Lanes))
        {
            var lane = _lanes.Of(name);
            lane.Count = count;
            if (count > 0) lane.StartUnread();
        }
    }

    public int Partition { get; }
    public long Generation { get; }

    /// <summary>The soonest start-by instant of a waiting job, or a bound below it; null where none has one.</summary>
    public long? NextDeadline { get; private set; }

    /// <summary>A waiting job is to be started by then; the soonest of all that are noted counts.</summary>
    public void NoteDeadline(long? deadline)
    {
        if (deadline is not null && !(deadline >= NextDeadline)) NextDeadline = deadline;
    }

    /// <summary>The soonest deadline, before the store is asked for it: those noted from now on count beside its answer.</summary>
    public long? TakeDeadline()
    {
        var deadline = NextDeadline;
        NextDeadline = null;
        return deadline;
    }

    public IReadOnlyCollection<LiveJob> Leased => _leased.Values;
    public LaneIndex Index => _lanes;
    public IReadOnlyCollection<Lane> Lanes => _lanes.All;

    /// <summary>Jobs that have not ended.</summary>
    public long Unfinished { get; private set; }

    public LiveJob? Find(string id) => _live.GetValueOrDefault(id);

    /// <summary>Why the grid cannot take another job now; null where it can.</summary>
    public string? RefusalOf(JobSubmission job)
    {
        if (Unfinished >= Math.Max(1, _options.MaxBacklog / _options.Partitions))
            return $"The grid holds as many unfinished jobs as it may ({_options.MaxBacklog}).";
        return _lanes.Contains(Lane.NameOf(job.Queue, job.Priority, job.Type, suspects: false)) ? null : RefusalOfLane(job.Owner);
    }

    private string? RefusalOfLane(string? owner)
    {
        var owners = _lanes.Owners;
        if (_lanes.Count >= _options.MaxLanes || owners.CountOf(owner) >= _options.MaxLanesPerKey) _lanes.ForgetAll();
        if (_lanes.Count >= _options.MaxLanes)
            return $"The grid holds as many combinations of queue, priority and type as it may ({_options.MaxLanes}).";
        if (owners.CountOf(owner) >= _options.MaxLanesPerKey)
            return $"Unfinished jobs of '{owner}' stand in as many combinations of queue, priority and type as one submitter's may ({_options.MaxLanesPerKey}).";
        return null;
    }

    /// <summary>Takes a job that has been checked against the rules and is known to be new.</summary>
    public LiveJob Submit(JobSubmission submission, long now)
    {
        var due = submission.Eta ?? now + (submission.Countdown ?? 0);
        _lastStamp = Math.Max(_lastStamp + 1, JobSpec.StampAt(now));
        var spec = new JobSpec
        {
            Type = submission.Type, Queue = submission.Queue, Priority = submission.Priority, Args = submission.Args,
            SubmittedAt = now, Stamp = _lastStamp, DueAt = Math.Max(due, now), Retry = submission.Retry, Attempts = submission.Attempts, Timeout = submission.Timeout,
            ExpiresAt = submission.ExpiresAt ?? (submission.ExpiresAfter is { } after ? now + after : null),
            Retention = submission.Retention, Tags = submission.Tags, TraceParent = submission.TraceParent, Fingerprint = submission.Fingerprint,
        };
        var lane = _lanes.Of(Lane.NameOf(spec.Queue, spec.Priority, spec.Type, suspects: false));
        _lanes.Owners.Own(lane, submission.Owner);
        var job = new LiveJob(submission.Id) { Spec = spec, Lane = lane };
        // A deleted job may still be pinned by somebody who has yet to hear of it.
        if (_live.GetValueOrDefault(job.Id) is { Place: JobPlace.Gone, IsSettled: true }) _live.Remove(job.Id);
        _live.Add(job.Id, job);
        Unfinished++;
        Wait(job, spec.DueAt, JobTrack.Fresh);
        return job;
    }

    /// <summary>The fencing tokens of this generation run out: open the partition anew.</summary>
    public bool IsExhausted => _tokens >= Workers.FencingToken.MaxCounter / 2;

    /// <summary>Takes back a submit whose commit has not been sent.</summary>
    public bool TryWithdraw(LiveJob job)
    {
        if (job.Stored.HasSpec || job.InFlight > 0 || job.Place != JobPlace.Waiting) return false;
        Discard(job);
        return true;
    }

    /// <summary>Brings a stored job into memory, as it is.</summary>
    public LiveJob Load(string id, StoredJob stored)
    {
        var job = Inflate(id, stored);
        _live.Add(id, job);
        Weigh(job);
        if (job.Place == JobPlace.Leased) _leased.Add(id, job);
        return job;
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
    }

    /// <summary>Fills in what memory had let go of.</summary>
    public void LoadSpec(LiveJob job, StoredJob stored)
    {
        if (job.Spec is not null) return;
        job.Spec = JobSpec.Decode(stored.Spec);
        Weigh(job);
        if (job.InWindow) _lanes.Tell(job.Lane);
        if (!job.IsSketch) return;
        // Of a sketch only its place in the lane is known; what happened to the job so far is in its record.
        var whole = Inflate(job.Id, stored, job.Lane);
        job.Track = whole.Track;
        job.Stored = whole.Stored;
        job.IsSketch = false;
    }

    /// <summary>A page of a lane has been read.</summary>
    public void EndRead(Lane lane, LaneEntry[] page, bool isLast)
    {
        foreach (var job in lane.EndRead(page, isLast, entry => Resolve(lane, entry))) LetGo(job);
        TrimWindows();
    }

    /// <summary>Bytes of records that the next page may bring: a share of what is left, since many lanes may be read at a time. 0: places in the lane alone.</summary>
    /// <param name="reads">How many pages are read at a time, at most.</param>
    public int PageBudget(int reads)
    {
        var sharers = Math.Clamp(_lanes.LowCount + _lanes.Reading.Count, 1, reads);
        return (int)Math.Clamp((_options.WindowBytes - _windowBytes) / sharers, 0, _options.WindowBytes / 4);
    }

    /// <summary>The page could not be read; it is asked for again while the window runs low.</summary>
    public void AbandonRead(Lane lane)
    {
        foreach (var job in lane.AbandonRead()) LetGo(job);
    }

    private LiveJob? Resolve(Lane lane, LaneEntry entry)
    {
        if (_live.TryGetValue(entry.Id, out var known))
            return known.Place == JobPlace.Waiting && known.Lane == lane && known.Due == entry.Due ? known : null;
        var job = entry.Job is { } stored
            ? Inflate(entry.Id, stored, lane)
            : new LiveJob(entry.Id) { IsSketch = true, Lane = lane, Due = entry.Due, Stored = new() { HasSpec = true, Lane = lane.Name, Due = entry.Due, Counted = JobState.Pending } };
        if (job.Place != JobPlace.Waiting) return null;
        _live.Add(job.Id, job);
        Weigh(job);
        return job;
    }

    /// <summary>The next instant after now at which something falls due; null where nothing will. What is due already waits for a slot, not for the clock.</summary>
    public long? NextDue(long now) => NextWaitingDue(now) is { } next && !(next >= NextDeadline) ? next : NextDeadline;

    /// <summary>The same without start-by instants.</summary>
    public long? NextWaitingDue(long now)
    {
        _lanes.Advance(now);
        return _lanes.NextDue;
    }

    /// <summary>For how long the job that waits longest has been due, in milliseconds, as far as memory knows.</summary>
    public long OldestWaiting(long now)
    {
        _lanes.Advance(now);
        var oldest = now;
        foreach (var lane in _lanes.Ready()) oldest = Math.Min(oldest, lane.First!.Due);
        return now - oldest;
    }

    /// <summary>Jobs that are due and wait, by queue and type; of a lane whose window does not reach the present, as many as the store last said.</summary>
    public JobCount[] CountDue(long now)
    {
        _lanes.Advance(now);
        var due = new Dictionary<(string, string), long>();
        foreach (var lane in _lanes.Ready())
            CollectionsMarshal.GetValueRefOrAddDefault(due, (lane.Queue, lane.Type), out _) += lane.CountDue(now);
        return [.. due.Select(lane => new JobCount(JobState.Pending, lane.Key.Item1, lane.Key.Item2, lane.Value))];
    }

    /// <summary>Lanes of which memory cannot tell how many jobs are due: all in the window are, and there are more behind it.</summary>
    public List<Lane> LanesDueBeyondWindow(long now)
    {
        _lanes.Advance(now);
        return [.. _lanes.Ready().Where(lane => lane.IsDueBeyondWindow(now))];
    }

    /// <summary>Jobs that wait in memory without standing in a window and with nothing under way that would bring them there. Anything but 0 is a defect.</summary>
    public int Orphans => _live.Values.Count(job => job is { Place: JobPlace.Waiting, InWindow: false, IsSettled: true } && !job.Lane.Keeps(job) && !_pins.ContainsKey(job.Id));

    /// <summary>Jobs by state, queue and type.</summary>
    public IEnumerable<JobCount> Counts()
    {
        foreach (var (key, jobs) in _counts)
        {
            var parts = key.Split('/');
            if (jobs != 0) yield return new((JobState)int.Parse(parts[0], System.Globalization.CultureInfo.InvariantCulture), parts[1], parts[2], jobs);
        }
    }

    /// <param name="found">The lane it was read from; null: the one that its record tells of.</param>
    private LiveJob Inflate(string id, StoredJob stored, Lane? found = null)
    {
        var spec = JobSpec.Decode(stored.Spec);
        var outcome = stored.Outcome is { } ended ? JobOutcome.Decode(ended) : null;
        var lease = outcome is null && stored.Lease is { } leased ? JobTrack.Decode(leased) : null;
        var waiting = outcome is null && lease is null && stored.Track is { } tracked ? JobTrack.Decode(tracked) : null;
        var track = outcome?.Track ?? lease ?? waiting ?? JobTrack.Fresh;
        var lane = found ?? _lanes.Of(Lane.NameOf(spec.Queue, spec.Priority, spec.Type, track.IsSuspect));
        var waits = outcome is null && lease is null;
        var due = track.DueAt ?? spec.DueAt;
        return new LiveJob(id)
        {
            Spec = spec, Track = track, Outcome = outcome, Lane = lane, Due = due,
            Place = outcome is not null ? JobPlace.Finished : lease is not null ? JobPlace.Leased : JobPlace.Waiting,
            Stored = new StoredShape
            {
                HasSpec = true, Lane = waits ? lane.Name : null, Due = waits ? due : 0, Track = waiting, Lease = lease, Outcome = outcome,
                HasDeadline = waits && HasDeadline(spec, track),
                Counted = outcome?.State ?? (lease is not null ? JobState.Progress : JobState.Pending),
            },
        };
    }

    /// <summary>Puts a job into its lane, from wherever it was.</summary>
    private void Wait(LiveJob job, long due, JobTrack track)
    {
        _leased.Remove(job.Id);
        job.Place = JobPlace.Waiting;
        job.Due = due;
        // What lane it waits in is stored with it, and never derived again: the options may be others when it is read.
        job.Track = track == JobTrack.Fresh ? track : track with { DueAt = due == job.Spec!.DueAt ? null : due, IsSuspect = IsSuspect(track) };
        job.Outcome = null;
        job.Lane = _lanes.Of(Lane.NameOf(job.Spec!.Queue, job.Spec.Priority, job.Spec.Type, job.Track.IsSuspect));
        job.Lane.Add(job);
        Weigh(job);
        if (HasDeadline(job.Spec, job.Track)) NoteDeadline(job.Spec.ExpiresAt);
        MarkDirty(job);
    }

    /// <summary>Counts the bytes of a job while it waits with its record in memory, and only then: of what runs memory cannot let go.</summary>
    private void Weigh(LiveJob job)
    {
        var weight = job is { Place: JobPlace.Waiting, Spec: { } spec } ? spec.Args.Length : 0;
        _windowBytes += weight - job.Weight;
        job.Weight = weight;
    }

    /// <summary>Forgets a job that was never stored.</summary>
    private void Discard(LiveJob job)
    {
        if (job.Place == JobPlace.Waiting) job.Lane.Remove(job);
        // One that was cancelled before it was stored has ended already.
        if (job.Place is JobPlace.Waiting or JobPlace.Leased) Unfinished--;
        _leased.Remove(job.Id);
        job.Place = JobPlace.Gone;
        Weigh(job);
        _live.Remove(job.Id);
    }

    private static bool HasDeadline(JobSpec spec, JobTrack track) => spec.ExpiresAt is not null && !track.HasStarted;
}
