using OrleansJobs.Dependencies;
using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Dependencies;

/// <summary>A job that is to follow another, and that somebody has run again: whoever asks for that wants it to run, whatever it was to wait for.</summary>
public class RetriedFollowerTests
{
    private readonly CoreDriver _driver = new(new JobGridOptions { Partitions = 1 });

    [Fact]
    public void OneWhoseLeaderFailed_RunsAtOnce_AlsoWhereTheLeaderIsRunAgainToo()
    {
        var (leader, follower) = Submit();
        var lease = Assert.Single(_driver.Take());
        Assert.True(_driver.Report(lease, ReportKind.Failed, error: new(JobErrorCodes.Error, null, "no")));
        _driver.Core.Dependencies.Ended(new FollowLetter(leader.Id, follower.Id, JobState.Failure), follower, _driver.Now);
        _driver.Commit();
        Assert.Equal(JobErrorCodes.DependencyFailed, follower.Outcome!.Error!.Code);

        Retry(leader);
        Retry(follower);
        Assert.Equal([leader.Id, follower.Id], _driver.Take(want: 10).Select(taken => taken.Id).Order(StringComparer.Ordinal).Reverse());
    }

    private (LiveJob Leader, LiveJob Follower) Submit()
    {
        var leader = _driver.Submit("leader");
        var follower = _driver.Core.Dependencies.Submit(
            new JobSubmission { Id = "follower", Type = "work", Args = "{}"u8.ToArray(), After = [new JobDependency(leader.Id)] }, _driver.Now);
        _driver.Commit();
        Assert.Equal(WaitReasons.Job, Assert.Single(follower.Track.WaitsFor).What);
        return (leader, follower);
    }

    private void Retry(LiveJob job)
    {
        Assert.True(_driver.Core.Orders.Retry(_driver.Bring(job.Id), new("test"), _driver.Now));
        _driver.Commit();
    }
}
