using OrleansJobs.Actions;

namespace OrleansJobs.Partitions;

/// <summary>What is done to many jobs. Each is a change like any other; those of a page share the commits.</summary>
internal sealed partial class JobPartitionGrain : IPartitionActions
{
    public async Task<long> MarkStamp()
    {
        await services.Standstill.ConfirmAsync();
        if (_commits.IsOver) throw PartitionMoved.Exception(_partition);
        return _core.Jobs.MarkStamp(Now);
    }

    public Task<ActedJob[]> Act(ActionPage page)
    {
        if (page.Ids.Length > ActionPage.MaxJobs) throw new ArgumentException($"At most {ActionPage.MaxJobs} ids.", nameof(page));
        return Task.WhenAll(page.Ids.Select(async id => ActionRules.VerdictOf(page.Action, await DoAsync(page.Action, id, page.Order), page.IsRepeated)));
    }

    private Task<JobChange> DoAsync(JobAction action, string id, ChangeOrder order) => action switch
    {
        JobAction.Retry => Retry(id, order),
        JobAction.Cancel => Cancel(id, order),
        JobAction.Due => Move(id, null, order),
        _ => DeleteAsync(id, order),
    };
}
