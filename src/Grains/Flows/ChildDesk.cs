using System.Text;
using OrleansJobs.Errands;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Flows;

/// <summary>What a partition does about children of flows, its own flows' and others', by letters and errands.</summary>
internal sealed class ChildDesk(IPartitionShell shell, FlowDesk flows) : ILetterReader, IErrandDoer
{
    /// <summary>Children, or events, that are gone through by one commit.</summary>
    private const int PerPart = 250;

    public async ValueTask<Action> PrepareAsync(Letter letter, List<string> pins)
    {
        switch (letter.Kind)
        {
            case LetterKind.StartChild:
                var child = ChildRecord.Decode(letter.Body);
                if (child.MayExist) await BringAsync(child.Id, pins);
                // One of this id that is being forgotten makes room first.
                if (shell.Core.Jobs.Find(child.Id) is { Place: JobPlace.Gone } gone) await shell.Commits.Settled(gone);
                return () => shell.Core.Flows.Children.StartHere(child, shell.Now);
            case LetterKind.StartChildren:
                return await PrepareAsync(ChildrenLetter.Decode(letter.Body), pins);
            case LetterKind.GroupSucceeded:
                var success = GroupSuccess.Decode(letter.Body);
                await BringAsync(success.Flow, pins);
                return () => Arrive(success);
            case LetterKind.ChildEnded:
                var end = ChildEnd.Decode(letter.Body);
                await BringAsync(end.Parent.Id, pins);
                return () => Arrive(end);
            case LetterKind.Cancel:
                var id = Encoding.UTF8.GetString(letter.Body);
                await BringAsync(id, pins);
                return () => Dismiss(id);
            case LetterKind.RetryChild:
                var one = ChildrenOrder.DecodeForOne(letter.Body);
                await BringAsync(one.Child, pins);
                return () => Do(one.Order, one.Child);
            default:
                var order = ChildrenOrder.Parse(Encoding.UTF8.GetString(letter.Body));
                return () => shell.Core.Errands.Add(order.What, order.ToString(), shell.Now);
        }
    }

    private async ValueTask<Action> PrepareAsync(List<JobSubmission> children, List<string> pins)
    {
        foreach (var child in children)
        {
            if (child.MayExist) await BringAsync(child.Id, pins);
            if (shell.Core.Jobs.Find(child.Id) is { Place: JobPlace.Gone } gone) await shell.Commits.Settled(gone);
        }

        return () =>
        {
            var now = shell.Now;
            foreach (var child in children) shell.Core.Flows.Children.StartHere(child, now);
        };
    }

    public Task<object?> DoAsync(Errand errand, object? place) => errand.Kind switch
    {
        ErrandKind.ForgetEvents => ForgetEventsAsync(errand.About),
        ErrandKind.TellChildren => TellAsync(ChildrenOrder.Parse(errand.About)),
        _ => DoHereAsync(ChildrenOrder.Parse(errand.About), (SetPlace?)place),
    };

    /// <summary>Tells the partitions that have children of a flow what becomes of those.</summary>
    private async Task<object?> TellAsync(ChildrenOrder order)
    {
        var pins = new List<string>();
        try
        {
            var job = await BringAsync(order.Flow, pins);
            var isThere = job is { Place: not JobPlace.Gone } && job.Spec!.Stamp == order.Stamp;
            var flow = isThere ? shell.Core.Flows.Find(job!) : await flows.ReadStoredAsync(order.Flow, order.Stamp);
            if (flow is null) return null;
            if (order.What != ErrandKind.DeleteChildren)
            {
                // Where it has been run again since, or has ended again, another errand says so.
                if (!isThere || job!.Place == JobPlace.Finished != (order.What == ErrandKind.CancelChildren)) return null;
                order = order with { Through = flow.Run, Round = flow.Round };
            }

            using var together = shell.Core.Changes.Together();
            foreach (var partition in flow.Partitions)
            {
                if (partition == shell.Partition) shell.Core.Errands.Add(order.What, order.ToString(), shell.Now);
                else shell.Core.Letters.Send(partition, LetterKind.ChildrenOf, Encoding.UTF8.GetBytes(order.ToString()));
            }

            if (order is { What: ErrandKind.DeleteChildren, Through: ChildrenOrder.AllRuns }) Forget(flow);
            return null;
        }
        finally
        {
            Unpin(pins);
        }
    }

    /// <summary>The flow itself is forgotten, and what it remembers.</summary>
    private void Forget(FlowEntry flow)
    {
        shell.Core.Errands.Add(ErrandKind.ForgetEvents, flow.OrderOf(flow.Run), shell.Now);
        shell.Core.Changes.Mark(new RowEntry(GridLayout.Flows.States, flow.Key, []).Set(null));
    }

    /// <summary>Goes through the children of a flow that are here.</summary>
    private async Task<object?> DoHereAsync(ChildrenOrder order, SetPlace? after)
    {
        var set = GridLayout.Jobs.Indexes[IndexNames.Parent(order.Flow)];
        var lines = await shell.Store.ReadPageAsync(shell.Partition, set, after ?? SetPlace.Start, PerPart, new RowRead(GridLayout.Jobs.Specs) with { ByteBudget = 0 });
        var pins = new List<string>();
        try
        {
            foreach (var line in lines) await BringAsync(line.Member, pins);
            if (order.What == ErrandKind.DeleteChildren) await ForgetStatesAsync(order, lines);
            shell.Core.Changes.Decide(() =>
            {
                foreach (var line in lines) Do(order, line.Member);
            });
        }
        finally
        {
            Unpin(pins);
        }

        return lines.Length < PerPart ? null : new SetPlace(lines[^1].Score, lines[^1].Member);
    }

    /// <summary>What their grains keep goes before the children: should this end halfway, they are still there to be forgotten again.</summary>
    private async Task ForgetStatesAsync(ChildrenOrder order, PagedLine[] lines)
    {
        var forgotten = new HashSet<string>();
        // One that runs may end meanwhile, and is to be forgotten then as well.
        while (lines.Select(line => shell.Core.Jobs.Find(line.Member)).FirstOrDefault(IsLeft) is { } child)
        {
            forgotten.Add(child.Id);
            await shell.ForgetStateAsync(child.Id);
        }

        bool IsLeft(LiveJob? child) =>
            child is { Spec: not null, Track.HasGrainState: true, Place: JobPlace.Waiting or JobPlace.Finished } && order.IsAbout(child) && !forgotten.Contains(child.Id);
    }

    private async Task<object?> ForgetEventsAsync(string order)
    {
        var set = GridLayout.Flows.Order[order];
        var lines = await shell.Store.ReadSetAsync(shell.Partition, set, new(long.MinValue, long.MaxValue, PerPart));
        if (lines.Length == 0) return null;
        using var together = shell.Core.Changes.Together();
        foreach (var line in lines)
        {
            shell.Core.Changes.Mark(new MemberEntry(set, line.Score, line.Member).Set(null));
            shell.Core.Changes.Mark(new RowEntry(GridLayout.Flows.Events, line.Member, []).Set(null));
        }

        return lines;
    }

    private void Arrive(ChildEnd end)
    {
        if (FindFlow(end.Parent.Id, end.Parent.Stamp, out var job) is { } flow) shell.Core.Flows.Arrive(job!, flow, end, shell.Now);
    }

    private void Arrive(GroupSuccess success)
    {
        if (FindFlow(success.Flow, success.Stamp, out var job) is { } flow) shell.Core.Flows.Arrive(job!, flow, success, shell.Now);
    }

    /// <summary>A flow whose children tell of themselves, and which has been brought; null: it is gone, or never remembered anything.</summary>
    private FlowEntry? FindFlow(string id, long stamp, out LiveJob? job)
    {
        job = shell.Core.Jobs.Find(id);
        if (job is null || Known(job).Spec!.Stamp != stamp) return null;
        if (shell.Core.Flows.Find(job) is { } flow) return flow;
        return job.Track.HasMemory && job.Place != JobPlace.Gone ? throw new InvalidOperationException($"Flow '{id}' is not in memory.") : null;
    }

    private void Do(ChildrenOrder order, string id)
    {
        if (shell.Core.Jobs.Find(id) is { Place: not JobPlace.Gone } child && shell.Core.Flows.Children.Do(order, Known(child), shell.Now)) shell.TellCancelled(child);
    }

    private void Dismiss(string id)
    {
        if (shell.Core.Jobs.Find(id) is { Place: not JobPlace.Gone } job && shell.Core.Flows.Children.DismissHere(Known(job), shell.Now)) shell.TellCancelled(job);
    }

    /// <summary>Its record was brought, and the pin has kept it.</summary>
    private static LiveJob Known(LiveJob job) => job.Spec is not null ? job : throw new InvalidOperationException($"The record of '{job.Id}' is not in memory.");

    /// <summary>Brings a job into memory, and the flow that it may be.</summary>
    private async Task<LiveJob?> BringAsync(string id, List<string> pins)
    {
        shell.Core.Jobs.Pin(id);
        pins.Add(id);
        if (await shell.BringAsync(id) is not { } job) return null;
        await flows.BringIfAnyAsync(job);
        return job;
    }

    private void Unpin(List<string> pins)
    {
        foreach (var id in pins) shell.Core.Jobs.Unpin(id);
    }
}
