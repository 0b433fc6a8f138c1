using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Schedules;

/// <summary>Schedules of a real grid, through the client.</summary>
public class ScheduleClientTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Schedule_RunsAtItsInstants_AndTellsWhatBecameOfThem()
    {
        await using var grid = await TestGrid.StartAsync(silos: 2);
        var schedules = grid.Jobs.Schedules;
        var made = await schedules.PutAsync("tick", schedule => schedule.Every(TimeSpan.FromSeconds(1)).Submit("echo", "x"));
        Assert.Equal(made.Version, (await schedules.PutAsync("tick", made.Spec)).Version);
        var runs = await UntilAsync(() => schedules.RunsAsync("tick"), all => all.Count(run => run.State == JobState.Success) >= 3);
        Assert.All(runs, run => Assert.True(run.SubmittedAt is null || run.SubmittedAt >= run.ScheduledAt));
        Assert.Equal(runs.Count, runs.Select(run => run.ScheduledAt).Distinct().Count());
        var listed = await grid.Jobs.ListAsync(new() { Schedule = "tick", Limit = 200 });
        Assert.True(listed.Jobs.Length >= 3);
        Assert.All(listed.Jobs, job => Assert.Equal("tick", job.Schedule));
        var one = listed.Jobs[0];
        Assert.Equal([one.Id], (await grid.Jobs.ListAsync(new() { Schedule = "tick", ScheduledAt = one.ScheduledAt })).Jobs.Select(job => job.Id));

        var paused = await schedules.PauseAsync("tick", "enough");
        Assert.Equal("enough", paused.Paused!.Reason);
        Assert.Empty(await schedules.NextAsync("tick"));
        await Assert.ThrowsAsync<ScheduleConflictException>(() => schedules.PutAsync("tick", made.Spec with { Priority = 9 }, made.Version));
        var triggered = await schedules.TriggerAsync("tick");
        Assert.Equal("x", await triggered.ResultAsync<string>());
        var again = await schedules.BackfillAsync("tick", one.ScheduledAt!.Value, one.ScheduledAt.Value);
        Assert.Equal([one.Id], again);
        Assert.True(await schedules.DeleteAsync("tick"));
        Assert.False(await schedules.DeleteAsync("tick"));
        Assert.Null(await schedules.GetAsync("tick"));
        await Assert.ThrowsAsync<ScheduleNotFoundException>(() => schedules.ResumeAsync("tick"));
    }

    [Fact]
    public async Task Schedules_OfAllPartitions_AreListedInTheOrderOfTheirIds()
    {
        await using var grid = await TestGrid.StartAsync();
        var ids = Enumerable.Range(0, 45).Select(i => $"s-{i:00}").ToList();
        foreach (var id in ids.AsEnumerable().Reverse()) await grid.Jobs.Schedules.PutAsync(id, schedule => schedule.Cron("0 3 1 1 *").Submit("echo", "x"));
        var found = new List<string>();
        string? cursor = null;
        do
        {
            var page = await grid.Jobs.Schedules.ListAsync(10, cursor);
            found.AddRange(page.Schedules.Select(schedule => schedule.Id));
            cursor = page.Cursor;
        }
        while (cursor is not null);
        Assert.Equal(ids, found);
    }

    /// <summary>All partitions are asked for a whole page: none of them sends megabytes for it.</summary>
    [Fact]
    public async Task LargeSchedules_AreListedFewAtATime_AndNoneIsLeftOut()
    {
        await using var grid = await TestGrid.StartAsync(store: new MemoryPartitionStore(GridLayout.Layout));
        var (small, large) = ("x", new string('x', 200_000));
        // Large ones in one partition alone: what others have behind those that did not come along must wait.
        var ids = Enumerable.Range(0, 120).Select(i => $"s-{i:000}").ToList();
        foreach (var id in ids) await grid.Jobs.Schedules.PutAsync(id, schedule => schedule.Cron("0 3 1 1 *").Submit("echo", JobIds.PartitionOf(id, TestGrid.Partitions) < 2 ? large : small));
        var part = await grid.Cluster.Client.GetGrain<IPartitionSchedules>(0).ReadSchedules("", JobLimits.MaxPage);
        Assert.InRange(part.Schedules.Sum(schedule => schedule.Spec.Args.Length), 1, 1_500_000);
        Assert.Equal(part.Schedules[^1].Id, part.UpTo);
        var found = new List<string>();
        var pages = 0;
        string? cursor = null;
        do
        {
            var page = await grid.Jobs.Schedules.ListAsync(JobLimits.MaxPage, cursor);
            found.AddRange(page.Schedules.Select(schedule => schedule.Id));
            (cursor, pages) = (page.Cursor, pages + 1);
        }
        while (cursor is not null);
        Assert.Equal(ids, found);
        Assert.InRange(pages, 2, 10);
    }

    [Fact]
    public async Task WrongSchedule_IsRejected_AndNothingIsKept()
    {
        await using var grid = await TestGrid.StartAsync();
        var rejected = await Assert.ThrowsAsync<JobRejectedException>(() => grid.Jobs.Schedules.PutAsync("bad", schedule => schedule.Cron("61 * * * *").Submit("echo", "x")));
        Assert.Equal("/cron", Assert.Single(rejected.Problems).Pointer);
        Assert.Null(await grid.Jobs.Schedules.GetAsync("bad"));
        var tooMany = await Assert.ThrowsAsync<JobRejectedException>(async () =>
        {
            await grid.Jobs.Schedules.PutAsync("often", schedule => schedule.Every(TimeSpan.FromSeconds(1)).Within(start: DateTimeOffset.UnixEpoch.AddYears(200)).Submit("echo", "x"));
            await grid.Jobs.Schedules.BackfillAsync("often", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        });
        Assert.Equal("/to", Assert.Single(tooMany.Problems).Pointer);
    }

    private static async Task<T> UntilAsync<T>(Func<Task<T>> look, Func<T, bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var found = await look();
            if (holds(found)) return found;
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, patience.Token);
        }
    }
}
