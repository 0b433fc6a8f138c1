using OrleansJobs.Hosting;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Records;

namespace OrleansJobs.Flows;

/// <summary>Children of flows: those that are started here or elsewhere, and those that are told of.</summary>
internal sealed class ChildBook(int partition, JobBook jobs, LetterBook letters, PendingChanges changes, FlowBook flows, JobGridOptions options)
{
    private static readonly ChangeOrder ByItsFlow = new("flow");

    private readonly JobOrders _orders = new(jobs, changes);
    private readonly GroupSuccesses _successes = new(letters, changes);

    /// <summary>Starts a child, as part of the decision that is under way.</summary>
    /// <param name="elsewhere">Where those are gathered that belong to other partitions: see <see cref="Send"/>.</param>
    /// <returns>The partition that it belongs to.</returns>
    public int Start(JobSubmission child, ref ChildrenElsewhere? elsewhere, long now)
    {
        var home = JobIds.PartitionOf(child.Id, options.Partitions);
        if (home == partition) StartHere(child, now);
        else (elsewhere ??= new()).Add(home, child);
        return home;
    }

    /// <summary>Has those started that belong to other partitions.</summary>
    public void Send(ChildrenElsewhere elsewhere)
    {
        foreach (var (home, children) in elsewhere.Homes)
        {
            if (children is [var alone])
            {
                letters.Send(home, LetterKind.StartChild, ChildRecord.Encode(alone));
                continue;
            }

            for (int first = 0, next = 0; first < children.Count; first = next)
                letters.Send(home, LetterKind.StartChildren, ChildrenLetter.Encode(children, ref next), parts: next - first);
        }
    }

    /// <summary>Starts a child that belongs here, or finds it.</summary>
    public void StartHere(JobSubmission child, long now)
    {
        if (jobs.Find(child.Id) is not { Place: not JobPlace.Gone } known)
        {
            jobs.SubmitInside(child, now);
            return;
        }

        // It has been started before, and its flow does not know how it ended.
        if (known is { Outcome: not null, Spec.Parent: not null } && child.Parent is { } asking) Tell(known, asking, now);
    }

    /// <summary>A child has ended: its flow is told.</summary>
    public void TellParent(LiveJob child, long now) => Tell(child, child.Spec!.Parent! with { Round = RoundOf(child) }, now);

    /// <summary>The round of its flow that a child runs for.</summary>
    public static int RoundOf(LiveJob child) => Math.Max(child.Spec!.Parent!.Round, child.Track.Round);

    /// <summary>Of a child that has told of an end that counts no more.</summary>
    public void Retry(string id, ChildrenOrder order) =>
        letters.Send(JobIds.PartitionOf(id, options.Partitions), LetterKind.RetryChild, ChildrenOrder.EncodeFor(id, order));

    /// <summary>In the same decision where the flow is at hand.</summary>
    private void Tell(LiveJob child, JobParent parent, long now)
    {
        var home = JobIds.PartitionOf(parent.Id, options.Partitions);
        if (home == partition && jobs.Find(parent.Id) is { Spec: { } spec } flow && spec.Stamp == parent.Stamp && flows.Find(flow) is { } entry)
            flows.Arrive(flow, entry, ChildEnd.Of(child.Id, parent, child.Outcome!), now);
        else if (parent.Index >= 0 && child.Outcome!.State is JobState.Success) _successes.Tell(parent, home, child.Outcome.Result?.Length ?? 0);
        else letters.Send(home, LetterKind.ChildEnded, ChildEnd.Of(child.Id, parent, child.Outcome!).Encode());
    }

    /// <summary>A child is not waited for any more.</summary>
    public void Dismiss(string id, long now)
    {
        var home = JobIds.PartitionOf(id, options.Partitions);
        if (home == partition && jobs.Find(id) is { Spec: not null } job) DismissHere(job, now);
        else letters.Send(home, LetterKind.Cancel, System.Text.Encoding.UTF8.GetBytes(id));
    }

    /// <returns>Whether its worker is to be told.</returns>
    public bool DismissHere(LiveJob child, long now)
    {
        if (child.Place == JobPlace.Gone || child.Outcome is { State: JobState.Success }) return false;
        var track = child.Track with { IsDismissed = true };
        if (child.Outcome is { } outcome) child.Outcome = outcome with { Track = track };
        jobs.Note(child, track);
        return CancelHere(child, now);
    }

    /// <returns>Whether its worker is to be told.</returns>
    private bool CancelHere(LiveJob job, long now) => _orders.Cancel(job, ByItsFlow, now) && job.Place == JobPlace.Leased;

    /// <summary>Does with a child that is here, whose record is in memory, what its flow has ordered.</summary>
    /// <returns>Whether its worker is to be told that it is cancelled.</returns>
    public bool Do(ChildrenOrder order, LiveJob child, long now)
    {
        if (!order.IsAbout(child)) return false;
        switch (order.What)
        {
            case Errands.ErrandKind.CancelChildren:
                return order.Round >= RoundOf(child) && child.Place is JobPlace.Waiting or JobPlace.Leased && CancelHere(child, now);
            case Errands.ErrandKind.RetryChildren:
                if (child.Spec!.Parent!.Run == order.Through && RoundOf(child) < order.Round && !child.Track.IsDismissed) Retry(child, order.Round, now);
                return false;
            case Errands.ErrandKind.DeleteChildren when child.Place == JobPlace.Finished:
                _orders.Delete(child, now);
                return false;
            case Errands.ErrandKind.DeleteChildren when child.Place is JobPlace.Waiting or JobPlace.Leased:
                if (!child.Track.IsOrphan) jobs.Note(child, child.Track with { IsOrphan = true });
                var isRunning = CancelHere(child, now);
                if (child.Place == JobPlace.Finished) _orders.Delete(child, now);
                return isRunning;
            default:
                return false;
        }
    }

    /// <summary>From now on a child runs for a later round of its flow, and does so again where it had failed.</summary>
    private void Retry(LiveJob child, int round, long now)
    {
        switch (child.Place)
        {
            case JobPlace.Leased when child.Track.CancelRequested || DeadlineBook.EndOf(child.Spec!, child.Track) <= now:
                // It is about to end, tells of that in the round before, and is run again then.
                jobs.Note(child, child.Track with { ToldRound = null });
                return;
            case JobPlace.Waiting or JobPlace.Leased:
                jobs.Note(child, child.Track with { Round = round, IsDeadlineLifted = child.Track.IsDeadlineLifted || child.Spec!.DeadlineAt <= now });
                return;
            case JobPlace.Finished when child.Outcome!.State is not JobState.Success:
                _orders.Retry(child, ByItsFlow, now, round);
                return;
            case JobPlace.Finished when child.Track.ToldRound == RoundOf(child):
                // Somebody had it run again when its flow knew of a failure, and it came to a good end.
                child.Outcome = child.Outcome! with { Track = child.Track with { Round = round } };
                jobs.Note(child, child.Outcome.Track);
                TellParent(child, now);
                return;
        }
    }
}
