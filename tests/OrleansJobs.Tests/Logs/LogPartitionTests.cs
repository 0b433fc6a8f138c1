using System.Text;
using OrleansJobs.Hosting;
using OrleansJobs.Logs;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using LogLine = OrleansJobs.Logs.LogLine;
using OrleansJobs.Tests.Partitions;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Logs;

/// <summary>What a partition keeps of what its jobs log, over commits, attempts and openings.</summary>
public class LogPartitionTests
{
    private static readonly RowRead Pages = new(GridLayout.Logs.Pages);

    [Fact]
    public void AJobThatLogsNothing_HasNoRowAndIsNotKnown()
    {
        var driver = new CoreDriver();
        var lease = Start(driver, "a");
        Assert.True(driver.Report(lease, ReportKind.Succeeded));
        Assert.Empty(Rows(driver, "a"));
        Assert.Equal((0, false), (driver.Core.Logs.Known, driver.Status("a")!.HasLogs));
    }

    [Fact]
    public void Lines_AreStoredWithTheWordThatThereAreSome_AndOnce()
    {
        var driver = new CoreDriver();
        var lease = Start(driver, "a");
        Append(driver, lease, 1, "one", "two");
        Append(driver, lease, 1, "one", "two", "three");
        Assert.Equal(["1 one", "2 two", "3 three"], Lines(driver, "a"));
        Assert.True(driver.Status("a")!.HasLogs);
        Assert.Equal(1, driver.Core.Logs.Known);
    }

    [Fact]
    public void TheLastLines_AreStoredWithTheOutcome()
    {
        var driver = new CoreDriver();
        var lease = Start(driver, "a");
        driver.Core.Attempts.Report(new JobReport { Id = "a", Token = lease.Token, Kind = ReportKind.Succeeded, Logs = Of(lease, 1, "only") }, driver.Now);
        var commit = driver.Core.Changes.Seal();
        Assert.Equal(2, commit.Entries.Count);
        Assert.Single(commit.Groups);
        driver.Core.Changes.Refused(commit);
        Assert.Equal(CommitOutcome.Applied, driver.Commit());
        Assert.Equal((JobState.Success, true), (driver.Status("a")!.State, driver.Status("a")!.HasLogs));
        Assert.Equal(["1 only"], Lines(driver, "a"));
        // Memory keeps nothing of a job that does not run.
        Assert.Equal(0, driver.Core.Logs.Known);
    }

    [Fact]
    public void LinesThatWereLostOnTheWay_LeaveAGapInTheNumbers()
    {
        var driver = new CoreDriver();
        var lease = Start(driver, "a");
        Append(driver, lease, 1, "one");
        Append(driver, lease, 6, "six");
        Assert.Equal(["1 one", "6 six"], Lines(driver, "a"));
    }

    [Fact]
    public void TheNextAttempt_GoesOn_AndAnotherActivationDoesToo()
    {
        var driver = new CoreDriver();
        var lease = Start(driver, "a");
        Append(driver, lease, 1, "one", "two");
        driver.Reopen();
        var job = driver.Core.Jobs.FindLeased("a")!;
        Assert.True(driver.Core.Logs.IsToLoad(job));
        // Without what is stored nothing is kept, rather than written over.
        Assert.False(driver.Core.Logs.Append(job, Of(lease, 3, "lost")));
        Assert.False(driver.Core.Changes.HasAny);
        Load(driver, job);
        Append(driver, lease, 2, "two", "three");
        driver.Report(lease, ReportKind.FailedOnce, error: new("error", null, "bad"));
        var second = driver.Take().Single();
        Load(driver, driver.Core.Jobs.FindLeased("a")!);
        Append(driver, second, 1, "again");
        Assert.Equal(["1 one", "2 two", "3 three", "4 again"], Lines(driver, "a"));
        Assert.Equal([1, 1, 1, 2], Newest(driver, "a").Select(line => line.Attempt));
    }

    [Fact]
    public void Deleting_TakesTheRowsAway_WithoutReadingThem()
    {
        var driver = new CoreDriver();
        var lease = Start(driver, "a");
        for (var i = 1; i <= 100; i++) Append(driver, lease, i, $"line {i}");
        driver.Report(lease, ReportKind.Succeeded);
        Assert.NotEmpty(Rows(driver, "a"));
        driver.Reopen();
        Assert.True(driver.Core.Orders.Delete(driver.Bring("a"), driver.Now));
        driver.Commit();
        Assert.Null(driver.Stored("a"));
        Assert.Empty(Rows(driver, "a"));
        Assert.Equal(0, driver.Core.Logs.Known);
        // Another job of this id begins with nothing.
        Append(driver, Start(driver, "a"), 1, "new");
        Assert.Equal(["1 new"], Lines(driver, "a"));
    }

    [Fact]
    public void ALogThatEnds_WhileItsJobIsPinned_IsLetGoOfWithThePin()
    {
        var driver = new CoreDriver();
        var lease = Start(driver, "a");
        Append(driver, lease, 1, "one");
        // As flows do, for as long as they are in memory.
        driver.Core.Jobs.Pin("a");
        driver.Core.Attempts.Report(new JobReport { Id = "a", Token = lease.Token, Kind = ReportKind.Succeeded, Logs = Of(lease, 2, "two") }, driver.Now);
        driver.Commit();
        driver.Core.Jobs.Unpin("a");
        Assert.Equal(0, driver.Core.Logs.Known);
        Assert.Equal(["1 one", "2 two"], Lines(driver, "a"));
    }

    [Fact]
    public void OnlyTheNewestPageIsWrittenAgain()
    {
        var driver = new CoreDriver();
        var lease = Start(driver, "a");
        for (var i = 1; i <= 199; i++) Append(driver, lease, i, $"line {i}");
        driver.Core.Logs.Append(driver.Core.Jobs.FindLeased("a")!, Of(lease, 200, "last"));
        var commit = driver.Core.Changes.Seal();
        var change = Assert.Single(commit.Commit.Changes);
        Assert.Equal(1, change.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void DrawnLines_TheNewestAreKept_AsManyAsArePromised(int seed)
    {
        var random = new Random(seed);
        var options = new JobGridOptions { Partitions = 1 };
        (options.Logs.MaxLines, options.Logs.MaxBytes) = (random.Next(1, 300), random.Next(4096, 100_000));
        var driver = new CoreDriver(options);
        var lease = Start(driver, "a");
        var all = new List<(long Number, string Text)>();
        for (var number = 1; number <= 1500;)
        {
            var some = Enumerable.Range(0, random.Next(1, 60)).Select(_ => new string((char)('a' + random.Next(26)), random.Next(0, random.Next(2) == 0 ? 20 : 1500))).ToArray();
            Append(driver, lease, number, some);
            foreach (var text in some) all.Add((number++, text));
            if (random.Next(20) != 0) continue;
            driver.Reopen();
            Load(driver, driver.Core.Jobs.FindLeased("a")!);
        }

        var kept = Newest(driver, "a");
        Assert.Equal(all[^kept.Count..], kept.Select(line => (line.Number, line.Text)));
        var bytes = kept.Sum(line => Encoding.UTF8.GetByteCount(line.Text));
        Assert.True(kept.Count <= options.Logs.MaxLines && bytes <= options.Logs.MaxBytes, $"{kept.Count} lines, {bytes} bytes");
        // One more would have been too many.
        Assert.True(kept.Count == options.Logs.MaxLines || bytes + 1600 + 40 * kept.Count > options.Logs.MaxBytes, $"{kept.Count} of {options.Logs.MaxLines} lines, {bytes} of {options.Logs.MaxBytes} bytes");
        Assert.True(Rows(driver, "a").Count <= LogPage.Slots);
    }

    [Fact]
    public void WhereNothingIsToBeKept_NothingIs()
    {
        var options = new JobGridOptions { Partitions = 1 };
        options.Logs.MaxLines = 0;
        var driver = new CoreDriver(options);
        Append(driver, Start(driver, "a"), 1, "one");
        Assert.Empty(Rows(driver, "a"));
        Assert.False(driver.Status("a")!.HasLogs);
    }

    private static Lease Start(CoreDriver driver, string id)
    {
        driver.Submit(id);
        driver.Commit();
        return driver.Take().Single();
    }

    private static LogLines Of(Lease lease, long from, params string[] texts) => new(
        new(lease.Id, lease.Token), [.. texts.Select((text, index) => new LogLine(from + index, 1_700_000_000_000 + index, JobLogLevel.Information, text))]);

    private static void Append(CoreDriver driver, Lease lease, long from, params string[] texts)
    {
        driver.Core.Logs.Append(driver.Core.Jobs.FindLeased(lease.Id)!, Of(lease, from, texts));
        Assert.Equal(CommitOutcome.Applied, driver.Commit());
    }

    private static void Load(CoreDriver driver, LiveJob job) => driver.Core.Logs.Load(job, Rows(driver, job.Id));

    private static List<byte[]> Rows(CoreDriver driver, string id) => [.. LogPage.KeysOf(id).Select(key => driver.Rows(Pages, key)).Where(row => row.Exist).Select(row => row[0]!)];

    private static List<JobLogLine> Newest(CoreDriver driver, string id) => LogPage.Newest(Rows(driver, id).Select(row => LogPage.Decode(row)), driver.Options.Logs);

    private static string[] Lines(CoreDriver driver, string id) => [.. Newest(driver, id).Select(line => $"{line.Number} {line.Text}")];
}
