using OrleansJobs.Flows;
using OrleansJobs.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Partitions;

/// <summary>A waiting job is given another due time.</summary>
public class MoveTests
{
    private static readonly ChangeOrder Order = new("somebody", "why not");
    private readonly CoreDriver _driver = new();

    [Fact]
    public void Move_ToNow_RunsItNow_AndSaysWhoAskedForIt()
    {
        Submit("a", countdown: 60_000);
        var before = _driver.Status("a")!;
        Assert.Empty(_driver.Take());

        Assert.Null(Move("a", 0));

        Assert.Equal("a", Assert.Single(_driver.Take()).Id);
        var status = _driver.Status("a")!;
        Assert.True(status.Version > before.Version);
        Assert.Equal(("moved", "somebody", "why not"), (status.Changes[0].What, status.Changes[0].By, status.Changes[0].Reason));
    }

    [Fact]
    public void Move_Later_WaitsUntilThen_ThroughARestart()
    {
        Submit("a", countdown: 10);
        Submit("b", countdown: 20);
        Assert.Null(Move("a", 1000));
        _driver.Reopen();
        _driver.Now += 999;
        Assert.Equal("b", Assert.Single(_driver.Take(want: 5)).Id);
        _driver.Now += 1;
        Assert.Equal("a", Assert.Single(_driver.Take(want: 5)).Id);
    }

    [Fact]
    public void Move_OfOneThatWaitsForAnotherAttempt_GoesBeforeItsDelay()
    {
        Submit("a");
        _driver.Report(Assert.Single(_driver.Take()), ReportKind.FailedOnce, error: new(JobErrorCodes.Error, null, "no"), delay: TimeSpan.FromHours(1));
        Assert.Empty(_driver.Take());
        Assert.Null(Move("a", 0));
        Assert.Equal(2, Assert.Single(_driver.Take()).Attempt);
    }

    [Fact]
    public void Move_OfOneThatIsReady_ChangesNothing()
    {
        Submit("a");
        var version = _driver.Status("a")!.Version;
        _driver.Now += 10;
        Assert.Null(Move("a", 0));
        Assert.Equal(version, _driver.Status("a")!.Version);
    }

    [Fact]
    public void Move_OfOneThatDoesNotWaitForTime_SaysWhy()
    {
        Submit("runs");
        var lease = Assert.Single(_driver.Take());
        Assert.Equal("It runs already.", Move("runs", 1000));
        _driver.Report(lease, ReportKind.Succeeded);
        Assert.Equal("It has ended.", Move("runs", 1000));
        _driver.Submit("expires", job => job with { Countdown = 10, ExpiresAfter = 1000 });
        _driver.Commit();
        Assert.Null(Move("expires", 1000));
        Assert.StartsWith("It ends at 2023-", Move("expires", 1001), StringComparison.Ordinal);
        _driver.Core.Dependencies.Submit(new() { Id = "follows", Type = "work", Args = "{}"u8.ToArray(), After = [new("expires", DependencyOn.Success)] }, _driver.Now);
        _driver.Commit();
        Assert.Contains("does not wait for time alone", Move("follows", 0), StringComparison.Ordinal);
    }

    [Fact]
    public void Move_OfAFlowThatWaitsForAnotherAttempt_GivesItAnotherTime()
    {
        Submit("flow");
        var lease = Assert.Single(_driver.Take());
        _driver.Core.Flows.Load(_driver.Bring("flow"), null);
        _driver.Core.Attempts.Report(new JobReport { Id = "flow", Token = lease.Token, Kind = ReportKind.Parked, Park = new FlowPark { Signals = ["go"], Until = _driver.Now + 10 } }, _driver.Now);
        _driver.Commit();
        Assert.Contains("does not wait for time alone", Move("flow", 5), StringComparison.Ordinal);
        _driver.Now += 10;
        Assert.True(_driver.Report(Assert.Single(_driver.Take()), ReportKind.FailedOnce, delay: TimeSpan.FromHours(1)));
        Assert.Equal(JobPhase.Retrying, _driver.Status("flow")!.Phase);
        Assert.Null(Move("flow", 0));
        Assert.Equal("flow", Assert.Single(_driver.Take()).Id);
    }

    private void Submit(string id, long countdown = 0)
    {
        _driver.Submit(id, job => job with { Countdown = countdown });
        _driver.Commit();
    }

    private string? Move(string id, long later)
    {
        var refusal = _driver.Core.Orders.Move(_driver.Bring(id), _driver.Now + later, Order, _driver.Now);
        _driver.Commit();
        return refusal;
    }
}
