using OrleansJobs.Flows;
using OrleansJobs.Hosting;
using OrleansJobs.Letters;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Flows;

/// <summary>A flow that would start children while too many letters wait.</summary>
public class BusyParkTests
{
    private readonly CoreDriver _driver = new(new JobGridOptions { Partitions = 2, MaxLetters = 1 });

    public BusyParkTests() => _driver.Core.Letters.Send(1, LetterKind.Cancel, []);

    [Fact]
    public void OneThatStartsChildrenElsewhere_AsksAgain_AfterLongerAndLonger_AndWaitsForNothingOfBefore()
    {
        var waits = new List<long>();
        var lease = Lease();
        for (var i = 0; i < 8; i++)
        {
            var before = _driver.Now;
            Assert.True(Park(lease, new FlowPark { Children = ["child"], Change = new() { Children = [Child(1)] } }));
            var job = _driver.Core.Jobs.Find(lease.Id)!;
            Assert.Empty(job.Track.WaitsFor);
            waits.Add(job.Due - before);
            _driver.Now = job.Due;
            lease = Assert.Single(_driver.Take());
        }

        Assert.Equal([250, 500, 1000, 2000, 4000, 8000, 8000, 8000], waits);
        Assert.Null(_driver.Core.Flows.Find(_driver.Core.Jobs.Find(lease.Id)!)!.Park);
        Assert.DoesNotContain(_driver.Core.Letters.Channels, channel => channel.Count > 1);
    }

    [Fact]
    public void OneWhoseChildrenLiveHere_IsNotHeldUp()
    {
        var lease = Lease();
        Assert.True(Park(lease, new FlowPark { Children = ["child"], Change = new() { Children = [Child(0)] } }));
        Assert.NotNull(_driver.Core.Flows.Find(_driver.Core.Jobs.Find(lease.Id)!)!.Park);
        Assert.Equal(Child(0).Job.Id, Assert.Single(_driver.Take()).Id);
    }

    private Lease Lease()
    {
        _driver.Submit(JobIds.EndedIn("flow-", 0, 2));
        _driver.Commit();
        var lease = Assert.Single(_driver.Take());
        _driver.Core.Flows.Load(_driver.Core.Jobs.Find(lease.Id)!, null);
        return lease;
    }

    private bool Park(Lease lease, FlowPark park)
    {
        var taken = _driver.Core.Attempts.Report(new JobReport { Id = lease.Id, Token = lease.Token, Kind = ReportKind.Parked, Park = park }, _driver.Now);
        _driver.Commit();
        return taken;
    }

    private static ChildOrder Child(int partition) =>
        new() { Name = "child", Job = new JobSubmission { Id = JobIds.EndedIn("child-", partition, 2), Type = "work", Args = "{}"u8.ToArray() } };
}
