using OrleansJobs.Histories;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Tests.Histories;

public class HistoryBookTests
{
    private const long Minute = 60_000;

    [Fact]
    public async Task Outcomes_AreCountedInTheirMinute()
    {
        var driver = await HistoryDriver.OpenAsync();
        await driver.RunAsync("a", waits: 200, runs: 3000);
        await driver.RunAsync("b", ReportKind.Failed);
        await driver.RunAsync("c", ReportKind.Cancelled);
        await driver.RunAsync("d", ReportKind.FailedOnce, type: "often");
        var history = await driver.AskAsync();
        var now = history.Points[^1].Figures;
        Assert.Equal((4, 1, 1, 1, 1), (now.Submitted, now.Succeeded, now.Failed, now.Cancelled, now.Retried));
        Assert.Equal((4, 4), (now.RunTime.Count, now.WaitTime.Count));
        Assert.InRange(now.RunTime.P99.TotalSeconds, 2.7, 3.3);
        Assert.InRange(now.WaitTime.P99.TotalSeconds, 0.18, 0.22);
        Assert.Equal(["work", "often"], history.Types.Select(type => type.Name));
        Assert.Equal(4, (await driver.AskAsync(HistoryStep.Hour)).Points[^1].Figures.Submitted);
        Assert.Equal(1, (await driver.AskAsync(type: "often")).Total.Submitted);
        Assert.Equal(0, (await driver.AskAsync(queue: "other")).Total.Submitted);
    }

    [Fact]
    public async Task AnIdlePartition_WritesNothing()
    {
        var driver = await HistoryDriver.OpenAsync();
        await driver.RunAsync("a");
        driver.Now += Minute;
        await driver.TickAsync();
        driver.Now += 60 * Minute;
        await driver.TickAsync();
        var commits = driver.Commits;
        for (var i = 0; i < 500; i++)
        {
            driver.Now += Minute;
            await driver.TickAsync();
        }

        Assert.Equal(commits, driver.Commits);
    }

    [Fact]
    public async Task ABusyPartition_WritesOnceAMinute()
    {
        var driver = await HistoryDriver.OpenAsync();
        for (var i = 0; i < 100; i++)
        {
            await driver.RunAsync("job" + i);
            var before = driver.Commits;
            for (var tick = 0; tick < 12; tick++)
            {
                driver.Now += 5000;
                await driver.TickAsync();
            }

            Assert.Equal(1, driver.Commits - before);
        }
    }

    [Fact]
    public async Task WhatWaits_IsSaidWhenItChangesAndOnceAnHour()
    {
        var driver = await HistoryDriver.OpenAsync();
        driver.Hold("q", "t", 5);
        var commits = driver.Commits;
        for (var i = 0; i < 180; i++)
        {
            driver.Now += Minute;
            await driver.TickAsync();
        }

        Assert.InRange(driver.Commits - commits, 3, 7);
        Assert.All((await driver.AskAsync()).Points, point => Assert.Equal(5, point.Figures.Waiting));
        Assert.Equal([5, 5], (await driver.AskAsync(HistoryStep.Hour)).Points[^2..].Select(point => point.Figures.Waiting));
        driver.Hold("q", "t", 0);
        driver.Now += Minute;
        await driver.TickAsync();
        Assert.Equal(0, (await driver.AskAsync()).Points[^1].Figures.Waiting);
        Assert.Equal(5, (await driver.AskAsync()).Points[^3].Figures.Waiting);
        Assert.Equal(0, (await driver.AskAsync(type: "another")).Points[^3].Figures.Waiting);
    }

    /// <summary>A service that was called goes on with the attempt, and reports when nobody holds a lease any more.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AnAttemptThatGoesOnOutside_IsOneAttempt(bool fails)
    {
        var kind = fails ? ReportKind.FailedOnce : ReportKind.Succeeded;
        var driver = await HistoryDriver.OpenAsync();
        driver.Submit("a");
        await driver.CommitAsync();
        var lease = await driver.LeaseAsync();
        driver.Now += 1000;
        driver.Core.Attempts.Report(new JobReport { Id = "a", Token = lease.Token, Kind = ReportKind.Held, Delay = TimeSpan.FromHours(1) }, driver.Now);
        await driver.CommitAsync();
        driver.Now += 2000;
        driver.Core.Attempts.ReportHeld(driver.Core.Jobs.Find("a")!, new JobReport { Id = "a", Token = lease.Token, Kind = kind, Error = fails ? new("error", null, "bad") : null }, driver.Now);
        await driver.CommitAsync();
        var total = (await driver.AskAsync()).Total;
        Assert.Equal((1, 1, fails ? 1 : 0), (total.RunTime.Count, total.WaitTime.Count, total.Retried));
        Assert.InRange(total.RunTime.P99.TotalSeconds, 2.7, 3.3);
    }

    /// <summary>What the grid calls a job that kills silos, a handler may call what it likes: it has run, and was not lost.</summary>
    [Fact]
    public async Task AHandlerThatFailsAsPoison_HasRun()
    {
        var driver = await HistoryDriver.OpenAsync();
        driver.Submit("a");
        await driver.CommitAsync();
        var lease = await driver.LeaseAsync();
        driver.Now += 3000;
        driver.Core.Attempts.Report(new JobReport { Id = "a", Token = lease.Token, Kind = ReportKind.Failed, Error = new(JobErrorCodes.Poison, null, "bad food") }, driver.Now);
        await driver.CommitAsync();
        var total = (await driver.AskAsync()).Total;
        Assert.Equal((1, 0, 1), (total.Failed, total.Lost, total.RunTime.Count));
    }

    [Fact]
    public async Task WhileTheStoreIsNearlyFull_NothingIsWritten_AndNothingIsForgotten()
    {
        var driver = await HistoryDriver.OpenAsync();
        await driver.RunAsync("a");
        var commits = driver.Commits;
        for (var i = 0; i < 100; i++)
        {
            driver.Now += Minute;
            await driver.TickAsync(mayWrite: false);
        }

        Assert.Equal(commits, driver.Commits);
        await driver.TickAsync();
        Assert.Equal(commits + 1, driver.Commits);
        Assert.Equal(1, (await driver.AskAsync()).Total.Succeeded);
    }

    [Fact]
    public async Task AtTheTurnOfAnHour_WhatWaitsStillDoes()
    {
        var driver = await HistoryDriver.OpenAsync();
        driver.Hold("q", "t", 5);
        for (var i = 0; i < 130; i++)
        {
            driver.Now += Minute;
            await driver.TickAsync();
            Assert.Equal(5, (await driver.AskAsync()).Points[^1].Figures.Waiting);
        }
    }

    [Fact]
    public async Task WhatTheFenceRefused_IsNotCounted()
    {
        var store = new MemoryPartitionStore(GridLayout.Layout);
        var old = await HistoryDriver.OpenAsync(store);
        await old.RunAsync("a");
        await old.LeaveAsync();
        var next = await HistoryDriver.OpenAsync(store);
        old.Submit("refused");
        Assert.Equal(CommitOutcome.Fenced, await old.CommitAsync());
        Assert.Equal(1, (await old.AskAsync()).Total.Submitted);
        Assert.Equal(1, (await next.AskAsync()).Total.Submitted);
    }

    [Fact]
    public async Task WhatIsLeftInGoodOrder_IsGoneOnWithInTheSameMinute()
    {
        var store = new MemoryPartitionStore(GridLayout.Layout);
        var driver = await HistoryDriver.OpenAsync(store);
        for (var move = 0; move < 5; move++)
        {
            await driver.RunAsync("job" + move);
            await driver.LeaveAsync();
            await driver.ReopenAsync();
        }

        Assert.Equal((5, 5), ((await driver.AskAsync()).Points[^1].Figures.Submitted, (await driver.AskAsync()).Points[^1].Figures.Succeeded));
    }

    [Fact]
    public async Task WhatIsCountedBeforeTheStoreAnswers_IsAddedToWhatWasStored()
    {
        var store = new MemoryPartitionStore(GridLayout.Layout);
        var driver = await HistoryDriver.OpenAsync(store);
        await driver.RunAsync("a");
        await driver.LeaveAsync();
        await driver.ReopenAsync(load: false);
        await driver.RunAsync("b");
        driver.Now += Minute;
        var commits = driver.Commits;
        await driver.TickAsync();
        Assert.Equal(commits, driver.Commits);
        await driver.RunAsync("c");
        await driver.LoadAsync();
        await driver.TickAsync();
        var history = await driver.AskAsync();
        Assert.Equal([2, 1], history.Points[^2..].Select(point => point.Figures.Submitted));
        await driver.LeaveAsync();
        await driver.ReopenAsync();
        Assert.Equal([2, 1], (await driver.AskAsync()).Points[^2..].Select(point => point.Figures.Submitted));
    }

    [Fact]
    public async Task AnHourThatEndedWhileNobodyWasThere_IsMadeOfItsMinutes()
    {
        var store = new MemoryPartitionStore(GridLayout.Layout);
        var driver = await HistoryDriver.OpenAsync(store);
        await driver.RunAsync("a");
        driver.Now += Minute;
        await driver.TickAsync();
        driver.Now += 30 * 60 * Minute;
        await driver.ReopenAsync();
        await driver.TickAsync();
        Assert.Equal(1, (await driver.AskAsync(HistoryStep.Hour)).Total.Submitted);
        var commits = driver.Commits;
        await driver.ReopenAsync();
        await driver.TickAsync();
        Assert.Equal(commits, driver.Commits);
    }

    [Fact]
    public async Task AnHourInWhichTheActivationChanged_IsMadeThoughNothingCameAfterIt()
    {
        var store = new MemoryPartitionStore(GridLayout.Layout);
        var driver = await HistoryDriver.OpenAsync(store);
        await driver.RunAsync("a");
        await driver.LeaveAsync();
        await driver.ReopenAsync();
        var hour = driver.Now / (60 * Minute);
        for (var minute = 0; minute < 70; minute++)
        {
            driver.Now += Minute;
            await driver.TickAsync();
        }

        var row = Assert.Single(await driver.ReadAsync([HistoryTables.HourKey(hour)]));
        Assert.Equal(1, PeriodCounts.Decode(row).Series.Values.Sum(series => series.Submitted));
    }

    [Fact]
    public async Task MinutesGiveWayAfterThreeHours_HoursAfter31Days()
    {
        var driver = await HistoryDriver.OpenAsync();
        for (var hour = 0; hour < 40 * 24; hour++)
        {
            await driver.RunAsync("job" + hour);
            driver.Now += 60 * Minute;
            await driver.TickAsync();
        }

        Assert.Equal(HistoryRange.Hours - 1, (await driver.AskAsync(HistoryStep.Hour)).Total.Submitted);
        Assert.InRange((await driver.AskAsync()).Total.Submitted, 1, 2);
        var minutes = await driver.ReadAsync(Enumerable.Range(0, 2000).Select(place => "m" + place));
        var hours = await driver.ReadAsync(Enumerable.Range(0, 2000).Select(place => "h" + place));
        Assert.InRange(minutes.Count, 1, HistoryTables.MinutePlaces);
        Assert.Equal(HistoryTables.HourPlaces, hours.Count);
    }

    [Fact]
    public async Task AClockThatGoesBack_LosesNothing()
    {
        var driver = await HistoryDriver.OpenAsync();
        await driver.RunAsync("a");
        driver.Now += 10 * Minute;
        await driver.RunAsync("b");
        driver.Now -= 10 * Minute;
        await driver.RunAsync("c");
        driver.Now += 10 * Minute;
        await driver.RunAsync("d");
        var history = await driver.AskAsync();
        Assert.Equal((2, 2), (history.Points[^11].Figures.Submitted, history.Points[^1].Figures.Submitted));
    }

    /// <summary>Jobs, ticks, jumps of the clock, moves and crashes at random: what is told is what was counted, but for what a crash took, which is no more than was not written.</summary>
    [Fact]
    public async Task WhateverHappens_CountsAreExactButForWhatACrashTakes()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var store = new MemoryPartitionStore(GridLayout.Layout);
            var driver = await HistoryDriver.OpenAsync(store);
            var truth = new Dictionary<long, int>();
            var unwritten = new Dictionary<long, int>();
            var lost = 0;
            for (var i = 0; i < 120; i++)
            {
                switch (random.Next(12))
                {
                    case < 6:
                        driver.Submit($"{seed}-{i}");
                        await driver.CommitAsync();
                        unwritten[driver.Now / Minute] = unwritten.GetValueOrDefault(driver.Now / Minute) + 1;
                        break;
                    case < 9:
                        driver.Now += random.Next(40_000);
                        await driver.TickAsync();
                        Take(keep: driver.Now / Minute);
                        break;
                    case 9:
                        driver.Now += random.Next(-5, 20) * Minute;
                        await driver.TickAsync();
                        Take(keep: driver.Now / Minute);
                        break;
                    case 10:
                        await driver.LeaveAsync();
                        Take(keep: -1);
                        await driver.ReopenAsync();
                        break;
                    default:
                        lost += unwritten.Values.Sum();
                        unwritten.Clear();
                        await driver.ReopenAsync();
                        break;
                }
            }

            await driver.LeaveAsync();
            Take(keep: -1);
            driver.Now = Math.Max(driver.Now, truth.Keys.DefaultIfEmpty().Max() * Minute);
            var minutes = await driver.AskAsync();
            foreach (var point in minutes.Points)
                Assert.True(truth.GetValueOrDefault(point.At.ToUnixTimeMilliseconds() / Minute) == point.Figures.Submitted, $"Seed {seed}: {point}");
            var hours = await driver.AskAsync(HistoryStep.Hour);
            Assert.True(truth.Values.Sum() == hours.Total.Submitted, $"Seed {seed}: {truth.Values.Sum()} of {hours.Total.Submitted}, {lost} lost");

            void Take(long keep)
            {
                foreach (var (minute, jobs) in unwritten.Where(counted => counted.Key != keep).ToList())
                {
                    truth[minute] = truth.GetValueOrDefault(minute) + jobs;
                    unwritten.Remove(minute);
                }
            }
        }
    }
}
