using System.Runtime.CompilerServices;

namespace OrleansJobs.Flows;

/// <summary>Children by the list.</summary>
internal sealed partial class RunningFlow
{
    public override Task<FlowResults<TResult>> AllAsync<TItem, TResult>(string name, IEnumerable<TItem> items, Func<TItem, FlowJob<TResult>> job)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(job);
        return Claim(name) is { } claimed ? RunAllAsync(claimed, items, job) : Never<FlowResults<TResult>>();
    }

    private async Task<FlowResults<TResult>> RunAllAsync<TItem, TResult>(string name, IEnumerable<TItem> items, Func<TItem, FlowJob<TResult>> job)
    {
        var known = Memory.Group(name);
        using var left = items.GetEnumerator();
        // One more than would live at home shows that they do not. What has been started before stays what it was.
        var head = new List<FlowJob<TResult>>();
        while (head.Count <= (known is null ? FlowIds.MostAtHome : 0) && left.MoveNext()) head.Add(job(left.Current));
        var isSpread = known is null ? head.Count > FlowIds.MostAtHome : known.Total is < 0 or > FlowIds.MostAtHome;
        var group = new ChildGroup(name, isSpread);
        var failure = head is [var first, ..] ? first.Options.OnFailure : ChildFailure.Throw;
        var total = known is { Total: >= 0 } && known.Started >= known.Total ? known.Total : await StartAllAsync();
        if (total == 0)
        {
            execution.Names.Release(name);
            return new GroupResults<TResult>(this, group, 0, failure);
        }

        var wait = new GroupWait(name, total, failure is ChildFailure.Ignore) { Within = Source };
        execution.Open(wait);
        if (await wait.Task is { } failed)
            throw new ChildFailedException(NameOf(group, failed.Index), failed.Job ?? IdOf(group, failed.Index), failed.State, failed.Error);
        return new GroupResults<TResult>(this, group, total, failure) { Failed = Memory.Group(name)?.Failed ?? 0 };

        async Task<int> StartAllAsync()
        {
            var position = 0;
            var started = known?.Started ?? 0;
            var batch = new List<ChildOrder>();
            foreach (var child in head.Concat(Rest()))
            {
                if (position++ < started) continue;
                batch.Add(OrderOf(child, name, position - 1, isSpread));
                if (batch.Count >= FlowPending.MostChildren) await StartAsync(batch, null);
            }

            // Of a small group the number is stored with the first of its children, so that no later run can take it for a large one.
            // These are waited for by what waits for their ends.
            if (position > 0 && !TryAdd(batch, new FlowGroupTotal(name, position), stored: null)) await Never<bool>();
            return position;
        }

        IEnumerable<FlowJob<TResult>> Rest()
        {
            while (left.MoveNext()) yield return job(left.Current);
        }
    }

    public override async IAsyncEnumerable<TResult> EachAsync<TItem, TResult>(
        string name, IAsyncEnumerable<TItem> items, Func<TItem, FlowJob<TResult>> job, int atMost = 100)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(job);
        ArgumentOutOfRangeException.ThrowIfLessThan(atMost, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(atMost, MostAtATime);
        if (Claim(name) is not { } claimed)
        {
            await Never<bool>();
            yield break;
        }

        var each = new EachGroup<TItem, TResult>(this, execution, claimed, items.GetAsyncEnumerator(), job, atMost);
        try
        {
            for (var next = 0; await each.ReachAsync(next); next++) yield return await each.TakeAsync(next);
        }
        finally
        {
            // Not when the flow is parked: then nothing of this runs on.
            await each.DisposeAsync();
            execution.Names.Release(claimed);
        }
    }

    /// <summary>Of one EachAsync.</summary>
    private const int MostAtATime = 10_000;

    /// <summary>Starts children of a group; done when that is stored.</summary>
    /// <param name="total">Where it is known by now; stored no later than the first of these.</param>
    public Task StartAsync(List<ChildOrder> batch, FlowGroupTotal? total)
    {
        var stored = new TaskCompletionSource();
        if (!TryAdd(batch, total, () => stored.TrySetResult())) return Never<bool>();
        return stored.Task;
    }

    /// <summary>Has children of a group started.</summary>
    /// <returns>False: the flow's code is not to go on.</returns>
    private bool TryAdd(List<ChildOrder> batch, FlowGroupTotal? total, Action? stored, [CallerMemberName] string member = "")
    {
        if (!Enter(member)) return false;
        if (batch.Count == 0 && total is null) stored?.Invoke();
        if (total is { } known) execution.Pending.Add(known, batch.Count == 0 ? stored : null);
        for (var i = 0; i < batch.Count; i++) execution.Pending.Add(batch[i], i == batch.Count - 1 ? stored : null);
        batch.Clear();
        return true;
    }
}
