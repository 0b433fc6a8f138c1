using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Workers;
using static OrleansJobs.Tests.Partitions.CoreDriver;

namespace OrleansJobs.Tests.Partitions;

/// <summary>What was stored under one configuration is read as what it is under another.</summary>
public class ChangedOptionsTests
{
    private readonly MemoryPartitionStore _store = new(GridLayout.Layout);

    [Theory]
    [InlineData(3, 2)]
    [InlineData(2, 3)]
    [InlineData(1, 100)]
    [InlineData(100, 1)]
    public void PoisonCrashes_WhenChangedBetweenStarts_GivesEachJobOutOnce(int before, int after)
    {
        var driver = Start(before);
        driver.Submit("a");
        driver.Submit("b");
        driver.Commit();
        driver.Take(want: 2);
        driver.Core.Suspects.Crash(SiloA.ToParsableString(), driver.Now);
        driver.Commit();

        driver = Start(after);
        var first = driver.Take(Worker(SiloB), want: 2);
        var second = driver.Take(Worker(SiloB) with { Suspects = SuspectWish.OneAlone }, want: 2);
        Assert.Empty(first.Select(lease => lease.Id).Intersect(second.Select(lease => lease.Id)));
        foreach (var lease in first.Concat(second)) Assert.True(driver.Report(lease, ReportKind.Succeeded));
        foreach (var lease in driver.Take(Worker(SiloB) with { Suspects = SuspectWish.OneInCompany }, want: 2)) Assert.True(driver.Report(lease, ReportKind.Succeeded));
        Assert.Equal(0, driver.Core.Jobs.Unfinished);
        Assert.Equal(0, driver.Core.Jobs.Lanes.Sum(lane => lane.Count));

        driver.Reopen();
        Assert.Equal(0, driver.Core.Jobs.Lanes.Sum(lane => lane.Count));
    }

    private CoreDriver Start(int poisonCrashes) => new(new JobGridOptions { Partitions = 1, PoisonCrashes = poisonCrashes }, _store);
}
