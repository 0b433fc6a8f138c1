using OrleansJobs.Errands;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;

namespace OrleansJobs.Dependencies;

/// <summary>What a partition does about jobs that follow others, with its store and the other partitions.</summary>
internal sealed class DependencyDesk(IPartitionShell shell) : ILetterReader, IErrandDoer
{
    /// <summary>Followers that are told by one commit.</summary>
    private const int PerPart = 250;

    /// <summary>Which of the jobs that a submit names cannot be followed.</summary>
    public async Task<SubmissionProblem[]> CheckAsync(JobSubmission submission)
    {
        var found = await Task.WhenAll(submission.After.Select(after => shell.ExistsAsync(after.Job)));
        return [.. found.Index().Where(one => !one.Item).Select(one => new SubmissionProblem($"/after/{one.Index}", $"There is no job '{submission.After[one.Index].Job}', or no longer."))];
    }

    public async ValueTask<Action> PrepareAsync(Letter letter, List<string> pins)
    {
        var body = FollowLetter.Decode(letter.Body);
        var id = letter.Kind == LetterKind.Follow ? body.Leader : body.Follower;
        shell.Core.Jobs.Pin(id);
        pins.Add(id);
        // A submit that is refused, or taken back, has no followers and follows nobody.
        if (await shell.BringAsync(id) is { } known) await shell.Commits.Settled(known);
        return () =>
        {
            var (job, now) = (shell.Core.Jobs.Find(id), shell.Now);
            if (letter.Kind == LetterKind.Follow) shell.Core.Dependencies.Follow(body, job?.Outcome?.RetainUntil <= now ? null : job);
            else shell.Core.Dependencies.Ended(body, job, now);
        };
    }

    /// <summary>Tells those that follow a job; each part takes those away that it has told.</summary>
    public async Task<object?> DoAsync(Errand errand, object? place)
    {
        // Those that have come since then follow what it comes to when it runs again, or another job of its id.
        var (leader, state, version) = LeaderEnd.Parse(errand.About);
        var followers = await shell.Store.ReadSetAsync(shell.Partition, GridLayout.Dependencies.Followers[leader], new(0, version, PerPart));
        if (followers.Length == 0) return null;
        shell.Core.Dependencies.Tell(leader, state, followers);
        return followers;
    }
}
