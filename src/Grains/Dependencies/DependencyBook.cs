using System.Globalization;
using OrleansJobs.Errands;
using OrleansJobs.Hosting;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Dependencies;

/// <summary>
/// Jobs that start when others have ended. The partition of the job that goes first keeps who follows it, and tells them when it ends; until then a follower is
/// a row that is never due.
/// </summary>
internal sealed class DependencyBook
{
    private readonly JobBook _jobs;
    private readonly LetterBook _letters;
    private readonly ErrandBook _errands;
    private readonly PendingChanges _changes;
    private readonly JobGridOptions _options;

    public DependencyBook(JobBook jobs, LetterBook letters, ErrandBook errands, PendingChanges changes, JobGridOptions options)
    {
        (_jobs, _letters, _errands, _changes, _options) = (jobs, letters, errands, changes, options);
        jobs.Ended += (job, now) =>
        {
            if (job.Track.HasFollowers) errands.Add(ErrandKind.TellFollowers, new LeaderEnd(job.Id, job.Outcome!.State, JobVersion.Of(job.Spec!, job.Track)).ToString(), now);
        };
    }

    /// <summary>Takes a job that follows others, with the letters that ask for their ends.</summary>
    /// <param name="isInside">It follows from something accepted: no store is too full for it.</param>
    public LiveJob Submit(JobSubmission submission, long now, bool isInside = false)
    {
        using var together = _changes.Together();
        var job = isInside ? _jobs.SubmitInside(submission, now) : _jobs.Submit(submission, now);
        foreach (var leader in submission.After.Select(after => after.Job).Distinct())
            _letters.Send(PartitionOf(leader), LetterKind.Follow, new FollowLetter(leader, job.Id, null).Encode(), origin: job.Origin);
        return job;
    }

    /// <summary>A job wants to be told of another's end.</summary>
    /// <param name="leader">With its record in memory; null: there is none, or it is as good as gone.</param>
    public void Follow(FollowLetter letter, LiveJob? leader)
    {
        if (leader is null or { Place: JobPlace.Gone }) Tell(letter.Leader, letter.Follower, null);
        else if (leader.Outcome is { } outcome) Tell(letter.Leader, letter.Follower, outcome.State);
        else
        {
            var since = JobVersion.Of(leader.Spec!, leader.Track);
            _changes.Mark(new MemberEntry(GridLayout.Dependencies.Followers[letter.Leader], since).Set(MemberOf(letter.Follower, since)));
            if (!leader.Track.HasFollowers) _jobs.Note(leader, leader.Track with { HasFollowers = true });
        }
    }

    /// <summary>Tells some of those that follow a job how it has ended.</summary>
    public void Tell(string leader, JobState state, IEnumerable<SetLine> followers)
    {
        using var together = _changes.Together();
        foreach (var (member, since) in followers)
        {
            Tell(leader, member[..member.LastIndexOf('@')], state);
            _changes.Mark(new MemberEntry(GridLayout.Dependencies.Followers[leader], since, member).Set(null));
        }
    }

    /// <summary>A job that is followed has ended, or is gone.</summary>
    /// <param name="follower">With its record in memory; null: it is gone.</param>
    public void Ended(FollowLetter letter, LiveJob? follower, long now)
    {
        if (follower is not { Place: JobPlace.Waiting } || !follower.Track.WaitsFor.Any(reason => IsFor(reason, letter.Leader))) return;
        var spec = follower.Spec!;
        var unmet = spec.After.Where(after => after.Job == letter.Leader && !IsMet(after.On, letter.State)).ToList();
        var track = follower.Track with { WaitsFor = follower.Track.WaitsFor.RemoveAll(reason => IsFor(reason, letter.Leader)) };
        if (unmet.Count > 0)
        {
            var why = letter.State is { } state ? $"ended as {state.Name}" : "is not kept any more";
            if (spec.CancelIfUnmet) _jobs.Finish(follower, JobState.Revoked, null, null, track with { CancelRequested = true, CancelReason = $"Job '{letter.Leader}' {why}." }, now);
            else _jobs.Finish(follower, JobState.Failure, null, new(JobErrorCodes.DependencyFailed, null, $"Job '{letter.Leader}', which it was to follow, {why}."), track, now);
        }
        else _jobs.Rewait(follower, track.WaitsFor.IsEmpty ? Math.Max(now, spec.DueAt) : null, track, now);
    }

    public static bool IsMet(DependencyOn on, JobState? state) => on switch
    {
        DependencyOn.End => state is not null,
        DependencyOn.Failure => state is JobState.Failure or JobState.Revoked,
        _ => state is JobState.Success,
    };

    private void Tell(string leader, string follower, JobState? state) =>
        _letters.Send(PartitionOf(follower), LetterKind.Followed, new FollowLetter(leader, follower, state).Encode());

    /// <summary>One of the same id may have followed before, and be gone.</summary>
    private static string MemberOf(string follower, long since) => string.Create(CultureInfo.InvariantCulture, $"{follower}@{since:x}");

    private int PartitionOf(string id) => JobIds.PartitionOf(id, _options.Partitions);

    private static bool IsFor(WaitReason reason, string leader) => reason.What == WaitReasons.Job && reason.Name == leader;
}
