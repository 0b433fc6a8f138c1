using OrleansJobs.Workers;

namespace OrleansJobs.Flows;

/// <summary>What one attempt of a flow says to its partition, again and again while that is away.</summary>
internal sealed class FlowLine(RunningJob job, AttemptServices services)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan FirstBusyDelay = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan ReportDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestBusyDelay = TimeSpan.FromSeconds(2);

    private IPartitionFlows Partition => services.Grid.Flows(job.Lease.Partition);

    /// <summary>Everything behind a place.</summary>
    /// <returns>Null: the attempt does not hold the flow any more.</returns>
    /// <exception cref="FlowUnavailableException"/>
    public async Task<FlowPage[]?> ReadAsync(long after)
    {
        var pages = new List<FlowPage>();
        while (true)
        {
            var place = after;
            var page = await AskAsync(() => Partition.ReadFlow(job.LeaseName, place)).ConfigureAwait(false);
            if (page.IsStale) return null;
            pages.Add(page);
            if (!page.HasMore) return [.. pages];
            if (page.Seen <= after) throw new InvalidOperationException("A page of a flow's memory leads nowhere.");
            after = page.Seen;
        }
    }

    /// <summary>Remembers steps and starts children, and reads on where something else has come before them.</summary>
    /// <exception cref="FlowUnavailableException"/>
    public async Task<(FlowAnswer Answer, FlowPage[]? News, DateTimeOffset Asked)> ChangeAsync(FlowChange change, long seen)
    {
        var children = await OfTheirTypesAsync(change.Children).ConfigureAwait(false);
        if (children != change.Children) change = change with { Children = children };
        var delay = FirstBusyDelay;
        FlowAnswer answer;
        var asks = 0;
        while ((answer = await AskAsync(() => ChangeOnceAsync(change, again: asks++ > 0)).ConfigureAwait(false)).Kind is FlowAnswerKind.Busy)
        {
            if (job.Reason is not StopReason.None) throw new FlowUnavailableException(null);
            using (job.WaitForGrid()) await DelayAsync(delay).ConfigureAwait(false);
            delay = delay * 2 < LongestBusyDelay ? delay * 2 : LongestBusyDelay;
        }

        var asked = services.Time.GetUtcNow();
        if (answer.Kind is not FlowAnswerKind.Stored || IsNext(answer, seen, change.Steps.Length)) return (answer, null, asked);
        return await ReadAsync(seen).ConfigureAwait(false) is { } news ? (answer, news, asked) : (new FlowAnswer(FlowAnswerKind.Stale), null, asked);
    }

    /// <summary>What the types of children say where their flow does not can be said without asking the grid.</summary>
    public bool KnowsTypesOf(IEnumerable<ChildOrder> children) => children.All(child => ChildTypes.IsSaid(child) || (services.DefaultsHere(child.Job.Type) is { } type && ChildTypes.Fits(child, type)));

    /// <summary>The same change with what the types of the children say, where that is known.</summary>
    /// <exception cref="JobRejectedException">The arguments of one make no key.</exception>
    public FlowChange OfTypesHere(FlowChange change) => change with
    {
        Children = [.. change.Children.Select(child => ChildTypes.IsSaid(child) ? child : ChildTypes.With(child, services.DefaultsHere(child.Job.Type)!, services.Partitions))],
    };

    /// <summary>Once the report is delivered by which the flow is parked. Where it is not heard, the flow runs on as if nothing had been amiss.</summary>
    public async Task FailParkedAsync(JobError error)
    {
        try
        {
            while (services.Owner.Holds(job.LeaseName)) await Task.Delay(ReportDelay, services.Time).ConfigureAwait(false);
            await AskAsync(async () =>
            {
                await Partition.FailParked(job.LeaseName, error).ConfigureAwait(false);
                return true;
            }).ConfigureAwait(false);
        }
        catch (FlowUnavailableException)
        {
        }
    }

    /// <summary>What is sent again may have been stored: children that live elsewhere are looked for only then.</summary>
    private Task<FlowAnswer> ChangeOnceAsync(FlowChange change, bool again)
    {
        if (again) change = change with { Children = [.. change.Children.Select(static child => child with { Job = child.Job with { MayExist = true } })] };
        return Partition.ChangeFlow(job.LeaseName, change);
    }

    private static bool IsNext(FlowAnswer answer, long seen, int steps) => steps == 0 ? answer.Last <= seen : answer.Last == seen + steps;

    /// <summary>Children whose queue or key nobody has named have those that their type says.</summary>
    private async ValueTask<ChildOrder[]> OfTheirTypesAsync(ChildOrder[] children)
    {
        if (Array.TrueForAll(children, ChildTypes.IsSaid)) return children;
        var types = new Dictionary<string, TypeDefaults>();
        foreach (var type in children.Where(static child => !ChildTypes.IsSaid(child)).Select(static child => child.Job.Type).Distinct())
            types[type] = await AskAsync(() => services.DefaultsOfAsync(type, job.Cancellation)).ConfigureAwait(false);
        return [.. children.Select(child => ChildTypes.IsSaid(child) ? child : ChildTypes.With(child, types[child.Job.Type], services.Partitions))];
    }

    private async Task<T> AskAsync<T>(Func<Task<T>> question)
    {
        using var wait = job.WaitForGrid();
        var outage = new Outage(services.Time, Patience);
        while (true)
        {
            var asked = services.Time.GetTimestamp();
            try
            {
                return await question().ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                // What was asked may have been done or not; the same again makes it certain. A draining silo waits for it, a cancelled job needs it no more.
                if (job.Reason is StopReason.Cancel || !outage.GoesOn(asked)) throw new FlowUnavailableException(exception);
            }

            try
            {
                await outage.DelayAsync(CancellationToken.None).ConfigureAwait(false);
            }
            catch (OperationCanceledException exception)
            {
                throw new FlowUnavailableException(exception);
            }
        }
    }

    private async Task DelayAsync(TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay, services.Time, job.Cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Why it was cancelled is looked at by the caller.
        }
    }
}

/// <summary>The flow's partition did not answer for so long that the attempt ends, or is to stop.</summary>
internal sealed class FlowUnavailableException(Exception? inner) : Exception("The flow's partition did not answer.", inner);
