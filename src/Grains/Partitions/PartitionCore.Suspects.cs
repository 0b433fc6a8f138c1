using OrleansJobs.Diagnostics;
using OrleansJobs.Records;
using OrleansJobs.Trials;
using OrleansJobs.Workers;

namespace OrleansJobs.Partitions;

/// <summary>A job that is to be convicted, once it is durable that it explains the loss of these silos.</summary>
/// <param name="IsByCount">It was not alone: first it is to be known what others explain. See <see cref="PartitionCore.IsGuiltyStill"/>.</param>
internal sealed record Conviction(LiveJob Job, long Token, string[] Silos, bool IsByCount);

/// <summary>
/// Who is suspected of killing silos, who is convicted of it, and who is not suspected any more. Being there when others killed is no proof: a
/// conviction takes a crash at which the job was alone on its silo, or so many in company that it does not matter any more.
/// </summary>
internal sealed partial class PartitionCore
{
    private readonly ExplainedCrashes _explained = [];

    /// <summary>Leased jobs of dead silos that are to be convicted, and whether that is under way.</summary>
    private readonly Dictionary<LiveJob, bool> _convicts = [];

    /// <summary>Whether anything here depends on what has been explained.</summary>
    public bool HasSuspicions => _lanes.HasSuspects || _leased.Values.Any(job => job.Track.Losses.Length > 0);

    /// <summary>What a worker says of a suspect it holds. The last word on an attempt is that its trial is over; an older one that comes later counts for nothing.</summary>
    /// <returns>Whether it will be stored; false also where the worker does not hold the lease any more.</returns>
    public bool Say(TrialWord word)
    {
        if (!_leased.TryGetValue(word.Lease.Id, out var job) || job.Track.Token != word.Lease.Token) return false;
        var state = word.IsOver ? TrialState.Over : TrialState.Alone;
        if (job.Track.Trial > state) return false;
        if (job.Track.Trial == state) return true;
        job.Track = job.Track with { Trial = state };
        MarkDirty(job);
        return true;
    }

    /// <summary>Whether suspects are ready that a worker could run.</summary>
    public bool HasSuspectsFor(WorkerProfile worker, long now)
    {
        _lanes.Advance(now);
        return _lanes.HasSuspectsFor(worker, now);
    }

    /// <summary>Those whom crashes have proved guilty since the last call. They stay leased until <see cref="Convict"/>, so that another activation finds them too.</summary>
    public List<Conviction> TakeConvicts()
    {
        var convicts = _convicts.Where(convict => !convict.Value).Select(convict => convict.Key).ToList();
        foreach (var job in convicts) _convicts[job] = true;
        return convicts.ConvertAll(job => new Conviction(job, job.Track.Token, [.. Unexplained(job.Track), job.Track.Silo!], job.Track.Trial is not TrialState.Alone));
    }

    /// <summary>Whether a job is still to be convicted, by all that is explained by now. One that is not runs again, as after any crash.</summary>
    public bool IsGuiltyStill(Conviction conviction, long now)
    {
        var job = conviction.Job;
        if (job.Place == JobPlace.Leased && job.Track.Token == conviction.Token)
        {
            if (IsKiller(job.Track)) return true;
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
        if (track.CancelRequested) Finish(job, JobState.Revoked, null, null, track, now);
        else Finish(job, JobState.Failure, null, new(JobErrorCodes.Poison, null, MessageOf(track)), track, now);
    }

    /// <summary>Somebody else is convicted of the loss of these silos.</summary>
    public void Explain(IEnumerable<string> silos, long now)
    {
        if (!_explained.Add(silos)) return;
        foreach (var lane in _lanes.All.Where(lane => lane.Suspects).ToList())
        {
            // Those that are not in memory are found out when they come in.
            foreach (var job in lane.Window.Where(job => job is { Spec: not null, IsSketch: false } && !IsSuspect(job.Track)).ToList()) Acquit(job, now);
        }
    }

    /// <summary>A waiting suspect is one no more.</summary>
    private void Acquit(LiveJob job, long now)
    {
        job.Lane.Remove(job);
        WaitAgain(job, job.Due, job.Track with { Losses = [.. Unexplained(job.Track)] }, now);
    }

    private bool IsSuspect(JobTrack track) => track.Losses.Length > 0 && Unexplained(track).Count() >= Math.Max(1, _options.PoisonCrashes - 1);

    private IEnumerable<string> Unexplained(JobTrack track) => track.Losses.Where(silo => !_explained.Contains(silo));

    /// <summary>Whether a job is guilty, now that the silo it runs on is lost.</summary>
    private bool IsKiller(JobTrack track)
    {
        var bound = Sabotage.IsOff(Safeguard.Trial) ? _options.PoisonCrashes : _options.PoisonCrashesInCompany;
        return track.Trial is TrialState.Alone || track.Losses.Append(track.Silo!).Count(silo => !_explained.Contains(silo)) >= bound;
    }

    private static string MessageOf(JobTrack track) => track.Trial is TrialState.Alone
        ? $"It was running alone on its silo when that was lost, after it had been present at {Times(track.Crashes)}."
        : $"It was running when its silo was lost, {track.Crashes + 1} times.";

    private static string Times(int crashes) => crashes == 1 ? "one crash" : $"{crashes} crashes";
}
