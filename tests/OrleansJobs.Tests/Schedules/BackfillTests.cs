using OrleansJobs.Faults.Processes;
using OrleansJobs.Faults.Silos;
using OrleansJobs.Partitions;
using OrleansJobs.Schedules;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Schedules;

/// <summary>Occurrences that somebody asks for, of a real grid.</summary>
public class BackfillTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task ARepeat_IsAnsweredWithWhatIsThere_HoweverManyHaveNotEnded()
    {
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout));
        var schedules = grid.Jobs.Schedules;
        await schedules.PutAsync("hourly", schedule => schedule.Every(TimeSpan.FromHours(1), From).Submit("nobody-runs-this", "x"));
        var first = await schedules.BackfillAsync("hourly", From, From.AddHours(599));
        Assert.Equal(600, first.Count);
        Assert.Equal(first, await schedules.BackfillAsync("hourly", From, From.AddHours(599)));
        // Those that are new may have as many as are left.
        var all = await schedules.BackfillAsync("hourly", From, From.AddHours(999));
        Assert.Equal(ScheduleLimits.MaxOpen, all.Count);
        Assert.Equal(all, await schedules.BackfillAsync("hourly", From, From.AddHours(999)));
        var exception = await Assert.ThrowsAsync<GridOverloadedException>(() => schedules.BackfillAsync("hourly", From.AddHours(1), From.AddHours(1000)));
        Assert.Contains("1000 have not", exception.Message, StringComparison.Ordinal);
        Assert.Equal(all.Count, await CountAsync(grid, "hourly"));
    }

    [Fact]
    public async Task WhatPassedDuringAPause_CanBeFilledIn_AndDoesNotComeAgain()
    {
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout));
        var schedules = grid.Jobs.Schedules;
        await schedules.PutAsync("tick", schedule => schedule.Every(TimeSpan.FromSeconds(1)).Overlap(ScheduleOverlap.All).Submit("echo", "x"));
        var paused = await schedules.PauseAsync("tick");
        var filled = new HashSet<string>();
        await Deadlines.UntilAsync("instants have passed", Patience, async () =>
        {
            filled.UnionWith(await schedules.BackfillAsync("tick", paused.ChangedAt, TimeProvider.System.GetUtcNow()));
            return filled.Count >= 2;
        });
        await schedules.ResumeAsync("tick");
        await Deadlines.UntilAsync("it goes on", Patience, async () => (await schedules.RunsAsync("tick")).Any(run => run.Cause == ScheduleRunCause.Instant && run.ScheduledAt > paused.ChangedAt));
        await schedules.PauseAsync("tick");
        var runs = await schedules.RunsAsync("tick");
        Assert.Equal(runs.Count, runs.Select(run => run.ScheduledAt).Distinct().Count());
        Assert.Equal(filled.Count, runs.Count(run => run.Cause == ScheduleRunCause.Backfill));
    }

    /// <summary>As one whose answer was lost, of a schedule whose jobs are not kept.</summary>
    [Fact]
    public async Task ATriggerThatIsRepeated_RunsOnce_ThoughItsJobIsKeptNoMore()
    {
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout));
        await grid.Jobs.Schedules.PutAsync("once", schedule => schedule.Cron("0 3 1 1 *").Submit("echo", "x"));
        var partition = grid.Cluster.Client.GetGrain<IPartitionSchedules>(JobIds.PartitionOf("once", TestGrid.Partitions));
        var first = await partition.TriggerSchedule("once", "token");
        await grid.Jobs.Get(first.Jobs[0]).ResultAsync<string>();
        await grid.Jobs.Get(first.Jobs[0]).DeleteAsync();
        var again = await partition.TriggerSchedule("once", "token");
        Assert.Equal((ScheduleOutcome.Done, 1, first.Jobs[0]), (again.Outcome, again.Known, again.Jobs[0]));
        Assert.Single(grid.Handlers.Starts, start => start.Id == first.Jobs[0]);
        Assert.Equal(0, await CountAsync(grid, "once"));
        // Another one is another.
        Assert.Equal(0, (await partition.TriggerSchedule("once", "other")).Known);
    }

    [Fact]
    public async Task OnASiloThatDoesNotKnowTheZone_WhatIsAskedIsAnswered()
    {
        var store = new MemoryPartitionStore(GridLayout.Layout);
        var partition = JobIds.PartitionOf("away", TestGrid.Partitions);
        await using (var first = await TestGrid.StartAsync(store: store)) await first.Jobs.Schedules.PutAsync("away", schedule => schedule.Cron("0 3 1 1 *", "Europe/Berlin").Submit("echo", "x"));
        // As a silo whose machine knows more zones has stored it.
        var opening = await store.OpenAsync(partition);
        var rows = (await store.ReadRowsAsync(partition, new RowRead(GridLayout.Schedules.Records), ["away"]))[0];
        var record = ScheduleRecord.Decode(rows[0]);
        var commit = new PartitionCommit(partition, opening.Generation, 1);
        commit.Put(GridLayout.Schedules.Records, "away", (record with { Spec = record.Spec with { Zone = "Mars/Olympus" } }).Encode());
        Assert.Equal(CommitOutcome.Applied, await store.CommitAsync(commit));

        await using var grid = await TestGrid.StartAsync(store: store);
        var next = Assert.Single(await grid.Jobs.Schedules.NextAsync("away"));
        Assert.Equal((await grid.Jobs.Schedules.GetAsync("away"))!.NextAt, next);
        var rejected = await Assert.ThrowsAsync<JobRejectedException>(() => grid.Jobs.Schedules.BackfillAsync("away", From, From.AddYears(1)));
        Assert.Contains("Mars/Olympus", Assert.Single(rejected.Problems).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ByAWrongClock_NothingIsSubmitted()
    {
        var time = new SkewedTime(TimeProvider.System);
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout), time: time);
        await grid.Jobs.Schedules.PutAsync("hourly", schedule => schedule.Every(TimeSpan.FromHours(1), From).Submit("echo", "x"));
        var partition = grid.Cluster.Client.GetGrain<IPartitionSchedules>(JobIds.PartitionOf("hourly", TestGrid.Partitions));
        time.Offset = -TimeSpan.FromMinutes(5);
        foreach (var answer in (ScheduleAnswer[])[await TriggerAsync(), await partition.BackfillSchedule("hourly", From.ToUnixTimeMilliseconds(), From.AddHours(3).ToUnixTimeMilliseconds())])
        {
            Assert.Equal(ScheduleOutcome.Unavailable, answer.Outcome);
            Assert.Contains("clock", answer.Reason, StringComparison.Ordinal);
        }

        time.Offset = TimeSpan.Zero;
        Assert.Equal(ScheduleOutcome.Done, (await TriggerAsync()).Outcome);
        Assert.Equal(1, await CountAsync(grid, "hourly"));

        Task<ScheduleAnswer> TriggerAsync() => partition.TriggerSchedule("hourly", "token");
    }

    private static async Task<int> CountAsync(TestGrid grid, string schedule)
    {
        var count = 0;
        string? cursor = null;
        do
        {
            var page = await grid.Jobs.ListAsync(new() { Schedule = schedule, Limit = JobLimits.MaxPage, Cursor = cursor });
            (count, cursor) = (count + page.Jobs.Length, page.Cursor);
        }
        while (cursor is not null);
        return count;
    }
}
