using System.Text;
using OrleansJobs.Errands;
using OrleansJobs.Letters;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Flows;

/// <summary>What a partition does about children of flows, its own flows' and others', by letters and errands.</summary>
internal sealed class ChildDesk(IPartitionShell shell, FlowDesk flows) : ILetterReader, IErrandDoer
{
    /// <summary>How what errands are about begins, by which they are told apart.</summary>
    public const string Events = "events:";

    /// <inheritdoc cref="Events"/>
    public const string Tell = "tell:";

    /// <summary>Children, or events, that are gone through by one commit.</summary>
    private const int PerPart = 250;

    private static readonly RowRead States = new(GridLayout.Flows.States);

    public async ValueTask<Action> PrepareAsync(Letter letter, List<string> pins)
    {
        switch (letter.Kind)
        {
            case LetterKind.StartChild:
                var child = ChildRecord.Decode(letter.Body);
                if (child.MayExist) await BringAsync(child.Id, pins);
                return () => shell.Core.Flows.Children.StartHere(child, shell.Now);
            case LetterKind.ChildEnded:
                var end = ChildEnd.Decode(letter.Body);
                await BringAsync(end.Parent.Id, pins);
                return () => Arrive(end);
            case LetterKind.Cancel:
                var id = Encoding.UTF8.GetString(letter.Body);
                await BringAsync(id, pins);
                return () => Cancel(id);
            default:
                var order = ChildrenOrder.Parse(Encoding.UTF8.GetString(letter.Body));
                return () => shell.Core.Errands.Add(order.What, order.ToString(), shell.Now);
        }
    }

    public Task<object?> DoAsync(string about, object? place) =>
        about.StartsWith(Events, StringComparison.Ordinal) ? ForgetEventsAsync(about[Events.Length..])
        : about.StartsWith(Tell, StringComparison.Ordinal) ? TellAsync(ChildrenOrder.Parse(about[Tell.Length..]))
        : DoHereAsync(ChildrenOrder.Parse(about), (SetPlace?)place);

    /// <summary>Tells the partitions that have children of a flow what becomes of those.</summary>
    private async Task<object?> TellAsync(ChildrenOrder order)
    {
        var key = FlowEntry.KeyOf(order.Flow, order.Stamp);
        if ((await shell.Store.ReadRowsAsync(shell.Partition, States, [key]))[0] is not { Exist: true } row) return null;
        var flow = new FlowEntry(order.Flow, order.Stamp, shell.Core.Flows, isStored: true);
        FlowRecord.DecodeInto(flow, row[0]);
        var body = Encoding.UTF8.GetBytes(order.ToString());
        using var together = shell.Core.Changes.Together();
        foreach (var partition in flow.Partitions)
        {
            if (partition == shell.Partition) shell.Core.Errands.Add(order.What, order.ToString(), shell.Now);
            else shell.Core.Letters.Send(partition, LetterKind.ChildrenOf, body);
        }

        if (order is not { What: ErrandKind.DeleteChildren, Through: int.MaxValue }) return null;
        // The flow itself is forgotten, and what it remembers.
        shell.Core.Errands.Add(ErrandKind.ForgetEvents, Events + flow.OrderOf(flow.Run), shell.Now);
        shell.Core.Changes.Mark(new RowEntry(GridLayout.Flows.States, key, row[0]).Set(null));
        return null;
    }

    /// <summary>Goes through the children of a flow that are here.</summary>
    private async Task<object?> DoHereAsync(ChildrenOrder order, SetPlace? after)
    {
        var set = GridLayout.Jobs.Indexes[IndexNames.Parent(order.Flow)];
        var lines = await shell.Store.ReadPageAsync(shell.Partition, set, after ?? SetPlace.Start, PerPart, new RowRead(GridLayout.Jobs.Specs) with { ByteBudget = 0 });
        var pins = new List<string>();
        try
        {
            foreach (var line in lines)
            {
                if (await BringAsync(line.Member, pins) is { } child && order.What == ErrandKind.RetryChildren) await flows.BringIfAnyAsync(child);
            }

            using var together = shell.Core.Changes.Together();
            foreach (var line in lines)
            {
                if (shell.Core.Jobs.Find(line.Member) is not { Spec: not null, Place: not JobPlace.Gone } child) continue;
                if (shell.Core.Flows.Children.Do(order, child, shell.Now)) shell.TellCancelled(child);
            }
        }
        finally
        {
            foreach (var id in pins) shell.Core.Jobs.Unpin(id);
        }

        return lines.Length < PerPart ? null : new SetPlace(lines[^1].Score, lines[^1].Member);
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
        if (shell.Core.Jobs.Find(end.Parent.Id) is not { Spec: { } spec } job || spec.Stamp != end.Parent.Stamp) return;
        if (shell.Core.Flows.Find(job) is { } flow) shell.Core.Flows.Arrive(job, flow, end, shell.Now);
        else if (job.Track.HasMemory && job.Place is JobPlace.Waiting or JobPlace.Leased) throw new InvalidOperationException($"Flow '{job.Id}' is not in memory.");
    }

    private void Cancel(string id)
    {
        if (shell.Core.Jobs.Find(id) is { Spec: not null, Place: not JobPlace.Gone } job && shell.Core.Flows.Children.CancelHere(job, shell.Now)) shell.TellCancelled(job);
    }

    /// <summary>Brings a job into memory, and the flow that it may be.</summary>
    private async Task<LiveJob?> BringAsync(string id, List<string> pins)
    {
        shell.Core.Jobs.Pin(id);
        pins.Add(id);
        if (await shell.BringAsync(id) is not { } job) return null;
        await flows.BringIfAnyAsync(job);
        return job;
    }
}
