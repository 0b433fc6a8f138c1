using OrleansJobs.Records;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>A job that is to be convicted, once it is durable that it explains the loss of these silos.</summary>
/// <param name="IsByCount">It was not alone: first it is to be known what others explain. See <see cref="SuspectBook.IsGuiltyStill"/>.</param>
internal sealed record Conviction(LiveJob Job, long Token, string[] Silos, bool IsByCount);

/// <summary>Who is suspected of killing silos, who is convicted of it, and who is not suspected any more. What makes a suspect says <see cref="Suspicion"/>.</summary>
internal sealed class SuspectBook(JobBook jobs, PendingChanges changes, Suspicion suspicion)
{
    /// <summary>Leased jobs of dead silos that are to be convicted, and whether that is under way.</summary>
    private readonly Dictionary<LiveJob, bool> _convicts = [];

    /// <summary>Whether anything here depends on what has been explained.</summary>
    public bool HasAny => jobs.Index.HasSuspects || jobs.Leased.Any(job => job.Track.Losses.Length > 0);

    /// <summary>What a worker says of a suspect it holds. The last word on an attempt is that its trial is over; an older one that comes later counts for nothing.</summary>
    /// <returns>Whether it will be stored; false also where the worker does not hold the lease any more.</returns>
    public bool Say(TrialWord word)
    {
        if (jobs.FindLeased(word.Lease.Id) is not { } job || job.Track.Token != word.Lease.Token) return false;
        var state = word.IsOver ? TrialState.Over : TrialState.Alone;
        if (job.Track.Trial > state) return false;
        if (job.Track.Trial == state) return true;
        job.Track = job.Track with { Trial = state };
        changes.Mark(job);
        return true;
    }

    /// <summary>Whether suspects are ready that a worker could run.</summary>
    public bool HasReadyFor(WorkerProfile worker, long now)
    {
        jobs.Index.Advance(now);
        return jobs.Index.HasSuspectsFor(worker, now);
    }

    /// <summary>The silo of these leases is dead. Each job counts the crash, but for those that are to be convicted: see <see cref="TakeConvicts"/>.</summary>
    /// <returns>How many jobs were running there.</returns>
    public int Crash(string silo, long now)
    {
        var crashed = jobs.Leased.Where(job => job.Track.Silo == silo && !_convicts.ContainsKey(job)).ToList();
        foreach (var job in crashed)
        {
            // It died before it could say whether the handler began, what it had told, and whether it left anything with the job's grain.
            job.Track = job.Track with { Version = JobVersion.NextUnheard(job, now), HasGrainState = true, HasStarted = true };
            if (!job.Track.CancelRequested && suspicion.IsKiller(job.Track)) _convicts.Add(job, false);
            else CountCrash(job, now);
        }

        return crashed.Count;
    }

    /// <summary>Those whom crashes have proved guilty since the last call. They stay leased until <see cref="Convict"/>, so that another activation finds them too.</summary>
    public List<Conviction> TakeConvicts()
    {
        var convicts = _convicts.Where(convict => !convict.Value).Select(convict => convict.Key).ToList();
        foreach (var job in convicts) _convicts[job] = true;
        return convicts.ConvertAll(job => new Conviction(job, job.Track.Token, [.. suspicion.Unexplained(job.Track), job.Track.Silo!], job.Track.Trial is not TrialState.Alone));
    }

    /// <summary>Whether a job is still to be convicted, by all that is explained by now. One that is not runs again, as after any crash.</summary>
    public bool IsGuiltyStill(Conviction conviction, long now)
    {
        var job = conviction.Job;
        if (job.Place == JobPlace.Leased && job.Track.Token == conviction.Token)
        {
            if (suspicion.IsKiller(job.Track)) return true;
            CountCrash(job, now);
        }

        _convicts.Remove(job);
        return false;
    }

    /// <summary>It is durable what this explains. The job ends, unless it ended meanwhile.</summary>
    public void Convict(Conviction conviction, long now)
    {
        var (job, token) = (conviction.Job, conviction.Token);
        _convicts.Remove(job);
        if (job.Place != JobPlace.Leased || job.Track.Token != token) return;
        var track = job.Track with { HasGrainState = true, HasStarted = true };
        var error = track.CancelRequested ? null : new JobError(JobErrorCodes.Poison, null, MessageOf(track));
        // That its attempt was lost stands in the history: a handler may fail with the same code.
        var crashed = track.WithEnded("crashed", error, now) with { Crashes = track.Crashes + 1 };
        jobs.Finish(job, error is null ? JobState.Revoked : JobState.Failure, null, error, crashed, now);
    }

    /// <summary>Somebody else is convicted of the loss of these silos.</summary>
    public void Explain(IEnumerable<string> silos, long now)
    {
        if (!suspicion.Explain(silos)) return;
        foreach (var lane in jobs.Index.All.Where(lane => lane.Suspects).ToList())
        {
            // Those that are not in memory are found out when they come in.
            foreach (var job in lane.Window.Where(job => job is { Spec: not null, IsSketch: false } && !suspicion.IsSuspect(job.Track)).ToList()) Acquit(job, now);
        }
    }

    public bool IsSuspect(LiveJob job) => suspicion.IsSuspect(job.Track);

    /// <summary>A waiting suspect is one no more.</summary>
    public void Acquit(LiveJob job, long now)
    {
        job.Lane.Remove(job);
        jobs.WaitAgain(job, job.Due, job.Track with { Losses = [.. suspicion.Unexplained(job.Track)] }, now);
    }

    private void CountCrash(LiveJob job, long now)
    {
        var track = job.Track;
        var crashed = track.WithEnded("crashed", null, now) with { Crashes = track.Crashes + 1 };
        if (track.CancelRequested)
        {
            jobs.Finish(job, JobState.Revoked, null, null, crashed, now);
            return;
        }

        jobs.WaitAgain(
            job, now, crashed with { Losses = [.. suspicion.Unexplained(track).Append(track.Silo!).Distinct()], IsRetrying = true }, now);
    }

    private static string MessageOf(JobTrack track) => track.Trial is TrialState.Alone
        ? $"It was running alone on its silo when that was lost, after it had been present at {Times(track.Crashes)}."
        : $"It was running when its silo was lost, {track.Crashes + 1} times.";

    private static string Times(int crashes) => crashes == 1 ? "one crash" : $"{crashes} crashes";
}
