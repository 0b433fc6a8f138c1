namespace OrleansJobs.Tests.Gateway;

/// <summary>A partition in which no call is waited for.</summary>
internal sealed class FakeReports : IPartitionReports
{
    public Task<JobChangeOutcome> EndHeld(WorkReport report) => Task.FromResult(JobChangeOutcome.WrongState);

    public Task<JobChangeOutcome> TellHeld(WorkProgress progress) => Task.FromResult(JobChangeOutcome.WrongState);
}
