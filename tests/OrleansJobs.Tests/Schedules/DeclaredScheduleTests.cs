using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;

namespace OrleansJobs.Tests.Schedules;

/// <summary>Schedules that an application's code declares.</summary>
public class DeclaredScheduleTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly MemoryPartitionStore _store = new(GridLayout.Layout);

    [Fact]
    public async Task ANewerRelease_ChangesWhatDiffers_AndRemovesWhatItDoesNotName()
    {
        ScheduleInfo kept, changed;
        await using (var first = await StartAsync("shop", "1.9", jobs => jobs.AddSchedule("same", Yearly).AddSchedule("other", Yearly).AddSchedule("dropped", Yearly)))
        {
            await UntilAsync(async () => await IdsAsync(first) is ["dropped", "other", "same"]);
            (kept, changed) = ((await first.Jobs.Schedules.GetAsync("same"))!, (await first.Jobs.Schedules.GetAsync("other"))!);
            await first.Jobs.Schedules.PauseAsync("other", "not this year");
        }

        await using var second = await StartAsync("shop", "1.10", jobs => jobs
            .AddSchedule("same", Yearly).AddSchedule("other", schedule => schedule.Cron("0 4 1 1 *").Submit("echo", "y")).AddSchedule("added", Yearly));
        await UntilAsync(async () => await IdsAsync(second) is ["added", "other", "same"]);
        Assert.Equal(kept.Version, (await second.Jobs.Schedules.GetAsync("same"))!.Version);
        var other = (await second.Jobs.Schedules.GetAsync("other"))!;
        Assert.Equal(("0 4 1 1 *", "shop", "1.10", "not this year"), (other.Spec.Cron, other.Application, other.Release, other.Paused!.Reason));
        Assert.Equal(changed.CreatedAt, other.CreatedAt);

        // The older release says so no more, wherever it starts again.
        var spec = changed.Spec with { Cron = "0 5 1 1 *" };
        Assert.Equal("1.10", (await DeclareAsync(second, "other", "shop", "1.9", new DeclaredSchedule("other", spec))).SupersededBy);
        Assert.Equal("0 4 1 1 *", (await second.Jobs.Schedules.GetAsync("other"))!.Spec.Cron);
        Assert.Equal(1, (await DeclareAsync(second, "other", "shop", "1.10", new DeclaredSchedule("other", spec))).Changed);
        Assert.Equal("0 5 1 1 *", (await second.Jobs.Schedules.GetAsync("other"))!.Spec.Cron);
        Assert.Equal(1, (await DeclareAsync(second, "other", "shop", "2")).Removed);
        Assert.Null(await second.Jobs.Schedules.GetAsync("other"));
    }

    [Fact]
    public async Task ADeclaredSchedule_IsNobodyElses()
    {
        await using var grid = await StartAsync("shop", "1", jobs => jobs.AddSchedule("ours", Yearly));
        await UntilAsync(async () => await IdsAsync(grid) is ["ours"]);
        var ours = (await grid.Jobs.Schedules.GetAsync("ours"))!;
        var exception = await Assert.ThrowsAsync<ScheduleConflictException>(() => grid.Jobs.Schedules.PutAsync("ours", Yearly));
        Assert.Contains("the code of 'shop' declares it", exception.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ScheduleConflictException>(() => grid.Jobs.Schedules.DeleteAsync("ours"));
        await Assert.ThrowsAsync<ScheduleConflictException>(() => grid.Jobs.Schedules.DeleteAsync("ours", application: "library"));
        Assert.Contains("the code of 'shop' declares it", Assert.Single((await DeclareAsync(grid, "ours", "library", "9", new DeclaredSchedule("ours", ours.Spec))).Refused), StringComparison.Ordinal);
        Assert.Equal(ours.Version, (await grid.Jobs.Schedules.GetAsync("ours"))!.Version);
        Assert.True(await grid.Jobs.Schedules.DeleteAsync("ours", application: "shop"));
    }

    [Fact]
    public async Task OneThatWasMadeByHand_BecomesTheApplications_WithItsCursor()
    {
        await using var grid = await StartAsync("shop", "1", _ => { });
        var made = await grid.Jobs.Schedules.PutAsync("nightly", Yearly);
        Assert.Equal(1, (await DeclareAsync(grid, "nightly", "shop", "1", new DeclaredSchedule("nightly", made.Spec))).Changed);
        var declared = (await grid.Jobs.Schedules.GetAsync("nightly"))!;
        Assert.Equal(("shop", made.CreatedAt, made.NextAt), (declared.Application, declared.CreatedAt, declared.NextAt));
    }

    [Fact]
    public async Task ASiloThatDeclaresNone_LeavesThoseOfItsApplication()
    {
        await using (var first = await StartAsync("shop", "1", jobs => jobs.AddSchedule("nightly", Yearly))) await UntilAsync(async () => await IdsAsync(first) is ["nightly"]);
        // Another role of the same release, and one of the next.
        await using var second = await StartAsync("shop", "1", _ => { });
        var made = (await second.Jobs.Schedules.GetAsync("nightly"))!;
        foreach (var release in new[] { "1", "2" })
        {
            var answer = await second.Cluster.Client.GetGrain<IPartitionSchedules>(JobIds.PartitionOf("nightly", TestGrid.Partitions)).DeclareSchedules(new("shop", release, false, []));
            Assert.Equal((0, 1), (answer.Removed, answer.Kept));
        }

        Assert.Equal(made.Version, (await second.Jobs.Schedules.GetAsync("nightly"))!.Version);
        // The release that declares goes on doing so.
        Assert.Null((await DeclareAsync(second, "nightly", "shop", "1", new DeclaredSchedule("nightly", made.Spec))).SupersededBy);
    }

    /// <summary>What its queue and key are, only silos with its handler know.</summary>
    [Fact]
    public async Task ASiloWithoutTheHandler_LeavesItsQueueAndKey_WhetherTheGridKnowsTheTypeOrNot()
    {
        ScheduleInfo made;
        await using (var worker = await StartAsync("shop", "1", jobs => Report(jobs).AddSchedule("report", Reporting)))
        {
            await UntilAsync(async () => await IdsAsync(worker) is ["report"]);
            made = (await worker.Jobs.Schedules.GetAsync("report"))!;
            Assert.Equal(("mail", "tenant/7"), (made.Spec.Queue, made.Spec.Key));
        }

        // Alone, another role of the same release; it says something else of what it may say.
        await using (var web = await StartAsync("shop", "1", jobs => jobs.AddSchedule("report", schedule => Reporting(schedule.Jitter(TimeSpan.FromSeconds(1))))))
        {
            await UntilAsync(async () => (await web.Jobs.Schedules.GetAsync("report"))!.Version != made.Version);
            var changed = (await web.Jobs.Schedules.GetAsync("report"))!;
            Assert.Equal(("mail", "tenant/7", 1000), (changed.Spec.Queue, changed.Spec.Key, changed.Spec.Jitter));
        }

        // Beside a worker that declares nothing, and tells the grid of the type: as it is made.
        await using var both = await TestGrid.StartAsync(silos: 2, configure: options => (options.Application, options.Release) = ("shop", "1"),
            jobs: (jobs, number) => _ = number == 0 ? Report(jobs) : jobs.AddSchedule("fresh", Reporting), store: new MemoryPartitionStore(GridLayout.Layout));
        await UntilAsync(async () => await both.Jobs.Schedules.GetAsync("fresh") is { Spec: { Queue: "mail", Key: "tenant/7" } });

        static JobGridBuilder Report(JobGridBuilder jobs) =>
            jobs.AddJob("report", (Tenant _, JobContext _, CancellationToken _) => Task.FromResult(1), options => (options.Queue, options.Key) = ("mail", "tenant/{tenantId}"));

        static void Reporting(ScheduleBuilder schedule) => schedule.Cron("0 3 1 1 *").Submit("report", new Tenant(7));
    }

    [Fact]
    public async Task OneForWhichThereWasNoRoom_IsMadeOnceThereIs()
    {
        // Each partition may hold two, and of this one somebody has the first.
        string[] ids = [.. Enumerable.Range(0, 100).Select(i => $"s-{i}").Where(id => JobIds.PartitionOf(id, TestGrid.Partitions) == 0).Take(3)];
        await using (var before = await StartAsync("library", "1", _ => { })) await before.Jobs.Schedules.PutAsync(ids[0], Yearly);
        await using var grid = await StartAsync("shop", "1", jobs => jobs.AddSchedule(ids[1], Yearly).AddSchedule(ids[2], Yearly), maxSchedules: 2 * TestGrid.Partitions);
        await UntilAsync(async () => (await IdsAsync(grid)).Length == 2);
        var answer = await DeclareAsync(grid, ids[0], "shop", "1", new DeclaredSchedule(ids[1], Spec()), new DeclaredSchedule(ids[2], Spec()));
        Assert.True(answer.IsToBeRepeated);
        Assert.Contains("as many schedules as it may", Assert.Single(answer.Refused), StringComparison.Ordinal);
        Assert.True(await grid.Jobs.Schedules.DeleteAsync(ids[0]));
        await UntilAsync(async () => (await IdsAsync(grid)).Order(StringComparer.Ordinal).SequenceEqual(ids[1..].Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void Mistakes_AreFoundWhenTheSiloIsBuilt()
    {
        var builder = new JobGridBuilder().AddSchedule("twice", Yearly).AddSchedule("twice", Yearly).AddSchedule("next", Yearly)
            .AddSchedule("wrong", schedule => schedule.Cron("61 * * * *").Submit("echo", "x")).AddSchedule("nothing", _ => { });
        var options = new JobGridOptions();
        var exception = Assert.Throws<JobRegistrationException>(() => builder.BuildSchedules(options, builder.Build(options), TimeProvider.System.GetUtcNow()));
        foreach (var said in new[] { "'twice' is declared 2 times", "'next', /id", "'wrong', /cron", "'nothing', /type" }) Assert.Contains(said, exception.Message, StringComparison.Ordinal);
    }

    private sealed record Tenant(int TenantId);

    private static void Yearly(ScheduleBuilder schedule) => schedule.Cron("0 3 1 1 *", "Europe/Berlin").Submit("echo", "x");

    private static ScheduleSpec Spec()
    {
        var builder = new ScheduleBuilder();
        Yearly(builder);
        return builder.Build();
    }

    private Task<TestGrid> StartAsync(string application, string release, Action<JobGridBuilder> jobs, long maxSchedules = 1000) => TestGrid.StartAsync(
        configure: options => (options.Application, options.Release, options.MaxSchedules) = (application, release, maxSchedules), jobs: (grid, _) => jobs(grid), store: _store);

    private static async Task<string[]> IdsAsync(TestGrid grid) => [.. (await grid.Jobs.Schedules.ListAsync()).Schedules.Select(schedule => schedule.Id)];

    private static Task<DeclarationAnswer> DeclareAsync(TestGrid grid, string id, string application, string release, params DeclaredSchedule[] schedules) =>
        grid.Cluster.Client.GetGrain<IPartitionSchedules>(JobIds.PartitionOf(id, TestGrid.Partitions)).DeclareSchedules(new(application, release, true, schedules));

    private static async Task UntilAsync(Func<Task<bool>> condition) => await OrleansJobs.Faults.Processes.Deadlines.UntilAsync("the grid has them", Patience, condition);
}
