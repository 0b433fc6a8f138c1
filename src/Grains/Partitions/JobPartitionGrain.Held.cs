namespace OrleansJobs.Partitions;

/// <summary>Reports of those who were called by a job and said that they would.</summary>
internal sealed partial class JobPartitionGrain : IPartitionReports
{
    public async Task<JobChangeOutcome> EndHeld(WorkReport report)
    {
        var change = await ChangeAsync(report.Lease.Id, job =>
        {
            if (!_core.Held.End(job, report, _options, Random.Shared.NextDouble(), Now)) return null;
            Pump();
            return NothingMore;
        });
        return change is { Outcome: JobChangeOutcome.WrongState, Status: { } status } && HeldAttempts.WasTaken(status, report) ? JobChangeOutcome.Done : change.Outcome;
    }

    public async Task<JobChangeOutcome> TellHeld(WorkProgress progress) =>
        (await ChangeAsync(progress.Lease.Id, job => _core.Held.Tell(job, progress, _options.Limits, Now) ? NothingMore : null)).Outcome;
}
