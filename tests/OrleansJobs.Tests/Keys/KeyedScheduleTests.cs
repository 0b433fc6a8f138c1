using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Schedules;
using OrleansJobs.Storage;
using OrleansJobs.Tests.Cluster;
using OrleansJobs.Tests.Gateway;

namespace OrleansJobs.Tests.Keys;

/// <summary>Schedules whose occurrences have a key: they live where it does, and the schedule knows of them all the same.</summary>
public sealed class KeyedScheduleTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly MemoryPartitionStore _store = new(GridLayout.Layout);
    private TestGrid _grid = null!;

    public async Task InitializeAsync() => _grid = await TestGrid.StartAsync(store: _store, jobs: (jobs, _) => jobs
        .AddJob("of-tenant", (Tenant args, JobContext _, CancellationToken _) => Task.FromResult(args.TenantId), options => (options.Key, options.Weight) = ("tenant/{tenantId}", 4)));

    public async Task DisposeAsync() => await _grid.DisposeAsync();

    [Fact]
    public async Task Occurrences_LiveWhereTheirKeyDoes_AndTheScheduleHearsOfTheirEnds()
    {
        for (var n = 0; n < 5; n++)
        {
            var (id, key) = ($"s{n}", $"tenant/{n}");
            await _grid.Jobs.Schedules.PutAsync(id, schedule => schedule.Cron("0 3 1 1 *").Submit("echo", "hello", new() { Key = key, Weight = 2, DeadlineAfter = TimeSpan.FromHours(1) }));
            var job = await _grid.Jobs.Schedules.TriggerAsync(id);
            var status = await EndedAsync(job);
            Assert.Equal((JobState.Success, key, id, JobKeys.PartitionOf(key, TestGrid.Partitions)), (status.State, status.Key, status.Schedule, JobIds.PartitionOf(status.Id, TestGrid.Partitions)));
            Assert.NotNull(status.DeadlineAt);
            await OutcomeAsync(id, ScheduleRunOutcome.Success);
            Assert.Equal(job.Id, Assert.Single((await _grid.Jobs.Schedules.GetAsync(id))!.Runs).Job);
            Assert.Equal([job.Id], (await _grid.Jobs.ListAsync(new() { Schedule = id })).Jobs.Select(one => one.Id));
        }
    }

    [Fact]
    public async Task AnOccurrenceThatItsKeyHoldsBack_IsOpen_AndOneThatTakesItsPlaceCancelsIt()
    {
        await _grid.Jobs.Keys.PauseAsync("held");
        foreach (var overlap in (ScheduleOverlap[])[ScheduleOverlap.Skip, ScheduleOverlap.Cancel])
        {
            var id = $"held-{overlap}";
            await _grid.Jobs.Schedules.PutAsync(id, schedule => schedule.Every(TimeSpan.FromSeconds(1)).Overlap(overlap).Submit("echo", "x", new() { Key = "held/a" }));
            var runs = await RunsAsync(id, runs => runs.Count >= 3);
            if (overlap == ScheduleOverlap.Skip)
            {
                Assert.Equal(ScheduleRunOutcome.Open, runs[^1].Outcome);
                Assert.All(runs.Take(runs.Count - 1), run => Assert.Equal(ScheduleRunOutcome.Skipped, run.Outcome));
                var wait = Assert.Single((await ThereAsync(_grid.Jobs.Get(runs[^1].Job!))).WaitingFor);
                Assert.Equal(("held/a", "paused"), (wait.Name, wait.Limit));
            }
            else
            {
                // Each that was there was told to end, and the schedule has heard of it.
                runs = await RunsAsync(id, runs => runs.Count(run => run.Outcome == ScheduleRunOutcome.Revoked) >= 2);
                Assert.Equal(runs.Count, runs.Select(run => run.Job).Distinct().Count());
            }

            await _grid.Jobs.Schedules.DeleteAsync(id);
        }

        await _grid.Jobs.Keys.ResumeAsync("held");
    }

    [Fact]
    public async Task ABackfill_MakesEachInstantOnce_WhereverItsJobIs()
    {
        await _grid.Jobs.Schedules.PutAsync("back", schedule => schedule.Cron("0 3 1 1 *").Submit("echo", "x", new() { Key = "fill/7" }));
        var (from, to) = (new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2024, 6, 1, 0, 0, 0, TimeSpan.Zero));
        var first = await _grid.Jobs.Schedules.BackfillAsync("back", from, to);
        Assert.Equal(5, first.Count);
        Assert.Equal(first, await _grid.Jobs.Schedules.BackfillAsync("back", from, to));
        foreach (var id in first) Assert.Equal(JobState.Success, (await EndedAsync(_grid.Jobs.Get(id))).State);
        Assert.Equal(first, await _grid.Jobs.Schedules.BackfillAsync("back", from, to));
        Assert.Equal(5, _grid.Handlers.Starts.Count(start => first.Contains(start.Id)));
        Assert.All(await RunsAsync("back", runs => runs.All(run => run.Outcome == ScheduleRunOutcome.Success)), run => Assert.Equal(ScheduleRunCause.Backfill, run.Cause));
    }

    [Fact]
    public async Task AnotherKey_IsThatOfWhatComes_AndWhatCameIsFoundWhereItIs()
    {
        await _grid.Jobs.Schedules.PutAsync("moves", schedule => schedule.Cron("0 3 1 1 *").Submit("echo", "x", new() { Key = "from/1" }));
        var before = await _grid.Jobs.Schedules.TriggerAsync("moves");
        await EndedAsync(before);
        await _grid.Jobs.Schedules.PutAsync("moves", schedule => schedule.Cron("0 3 1 1 *").Submit("echo", "x", new() { Key = "to/2" }));
        var after = await _grid.Jobs.Schedules.TriggerAsync("moves");
        await EndedAsync(after);
        await _grid.Jobs.Schedules.PutAsync("moves", schedule => schedule.Cron("0 3 1 1 *").Submit("echo", "x"));
        var plain = await _grid.Jobs.Schedules.TriggerAsync("moves");
        await EndedAsync(plain);
        var runs = await RunsAsync("moves", runs => runs.All(run => run.Outcome == ScheduleRunOutcome.Success));
        Assert.Equal([plain.Id, after.Id, before.Id], runs.Select(run => run.Job));
    }

    /// <summary>With a key of another partition, then of a third, then of the schedule's own, then with none.</summary>
    [Fact]
    public async Task ABackfillAfterAnEditOfTheKey_MakesNothingAgain()
    {
        var (from, to) = (new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2024, 6, 1, 0, 0, 0, TimeSpan.Zero));
        var own = JobIds.PartitionOf("edited", TestGrid.Partitions);
        string?[] keys = [null, .. Elsewhere(own, "ended").Take(2), KeysOf("ended").First(key => JobKeys.PartitionOf(key, TestGrid.Partitions) == own), null];
        string[] first = [];
        foreach (var key in keys)
        {
            await _grid.Jobs.Schedules.PutAsync("edited", schedule => schedule.Cron("0 3 1 1 *").Submit("echo", "x", new() { Key = key }));
            var jobs = await _grid.Jobs.Schedules.BackfillAsync("edited", from, to);
            foreach (var id in jobs) Assert.Equal(JobState.Success, (await EndedAsync(_grid.Jobs.Get(id))).State);
            await RunsAsync("edited", runs => runs.All(run => run.Outcome == ScheduleRunOutcome.Success));
            if (first.Length == 0) first = [.. jobs];
            Assert.Equal(first, jobs);
            // One that is not kept any more is made again, where the key is now.
            await _grid.Jobs.Get(first[1]).DeleteAsync();
            first[1] = (await _grid.Jobs.Schedules.BackfillAsync("edited", from, to))[1];
            Assert.Equal(key is null ? own : JobKeys.PartitionOf(key, TestGrid.Partitions), JobIds.PartitionOf(first[1], TestGrid.Partitions));
            await EndedAsync(_grid.Jobs.Get(first[1]));
        }

        Assert.Equal(5, first.Distinct().Count());
        Assert.Equal(5 + keys.Length, _grid.Handlers.Starts.Count(start => start.Id.Contains("edited", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task ABackfillAfterAnEditOfTheKey_FindsWhatHasNotEnded()
    {
        var (from, to) = (new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2024, 6, 1, 0, 0, 0, TimeSpan.Zero));
        var own = JobIds.PartitionOf("waits", TestGrid.Partitions);
        IReadOnlyList<string> first = [];
        foreach (var key in (string?[])[.. Elsewhere(own, "waits").Take(2), null])
        {
            await _grid.Jobs.Schedules.PutAsync("waits", schedule => schedule.Cron("0 3 1 1 *").Submit("nobody-runs-this", "x", new() { Key = key }));
            var jobs = await _grid.Jobs.Schedules.BackfillAsync("waits", from, to);
            Assert.Equal(5, jobs.Count);
            if (first.Count == 0) first = jobs;
            Assert.Equal(first, jobs);
        }

        Assert.Equal(5, (await _grid.Jobs.Schedules.RunsAsync("waits")).Count);
    }

    [Fact]
    public async Task WhatCameUnderAnotherKey_IsNotMadeAgain_ByABackfillOrTheSameToken()
    {
        var (from, to) = (new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2023, 6, 1, 0, 0, 0, TimeSpan.Zero));
        await PutAsync("fill/1");
        var first = await _grid.Jobs.Schedules.BackfillAsync("edited", from, to);
        var asked = await TriggerAsync();
        foreach (var id in first.Append(asked)) await EndedAsync(_grid.Jobs.Get(id));
        foreach (var key in (string?[])["fill/2", null, "other/3", "fill/1"])
        {
            await PutAsync(key);
            Assert.Equal(first, await _grid.Jobs.Schedules.BackfillAsync("edited", from, to));
            Assert.Equal(asked, await TriggerAsync());
        }

        Assert.Equal(first.Count + 1, (await _grid.Jobs.Schedules.GetAsync("edited"))!.Runs.Length);

        async Task<string> TriggerAsync() =>
            (await _grid.Cluster.Client.GetGrain<IPartitionSchedules>(JobIds.PartitionOf("edited", TestGrid.Partitions)).TriggerSchedule("edited", "token-1")).Jobs[0];

        Task PutAsync(string? key) => _grid.Jobs.Schedules.PutAsync("edited", schedule => schedule.Cron("0 3 1 1 *").Submit("echo", "x", new() { Key = key }));
    }

    /// <summary>The two are of two stores, of which one may fail over without its newest writes.</summary>
    [Fact]
    public async Task AnOccurrenceThatItsKeysPartitionHasLost_DoesNotHoldTheScheduleForEver()
    {
        const string Id = "lost";
        await _grid.Jobs.Schedules.PutAsync(Id, schedule => schedule.Cron("0 3 1 1 *").Submit("echo", "x", new() { Key = "lost/1" }));
        var partition = JobIds.PartitionOf(Id, TestGrid.Partitions);
        var rows = (await _store.ReadRowsAsync(partition, new(GridLayout.Schedules.States), [Id]))[0];
        var state = ScheduleState.Decode(rows[0]!);
        // As it would be had it been started two minutes ago, in a partition that knows nothing of it; the next instant is now.
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        var lost = new StoredRun { Instant = now - 120_000, Outcome = ScheduleRunOutcome.Open, SubmittedAt = now - 120_000, Place = JobKeys.PartitionOf("lost/1", TestGrid.Partitions) };
        var opening = await _store.OpenAsync(partition);
        var commit = new PartitionCommit(partition, opening.Generation, 1);
        commit.Put(GridLayout.Schedules.States, Id, (state with { Passed = lost.Instant, Next = now, Runs = [lost] }).Encode());
        commit.Put(GridLayout.Schedules.Open, Id, [1]);
        commit.Remove(GridLayout.Schedules.Due.Only, Id, state.Next!.Value);
        commit.Put(GridLayout.Schedules.Due.Only, Id, now);
        Assert.Equal(CommitOutcome.Applied, await _store.CommitAsync(commit));
        // Whatever is written there next shows that another has opened it.
        await _grid.Jobs.SubmitAsync("echo", "wakes", new() { Id = Enumerable.Range(0, 1000).Select(n => $"wakes-{n}").First(id => JobIds.PartitionOf(id, TestGrid.Partitions) == partition) });
        var runs = await RunsAsync(Id, runs => runs.Count == 2 && runs.Any(run => run.Outcome == ScheduleRunOutcome.Revoked));
        Assert.Equal(ScheduleRunOutcome.Skipped, runs[0].Outcome);
        await EndedAsync(await _grid.Jobs.Schedules.TriggerAsync(Id));
    }

    [Fact]
    public async Task TheTypesKey_IsMadeOfTheSchedulesArguments()
    {
        var made = await _grid.Jobs.Schedules.PutAsync("typed", schedule => schedule.Cron("0 3 1 1 *").Submit("of-tenant", new Tenant(9)));
        Assert.Equal(("tenant/9", 4), (made.Spec.Key, made.Spec.Weight));
        var own = await _grid.Jobs.Schedules.PutAsync("typed", schedule => schedule.Cron("0 3 1 1 *").Submit("of-tenant", new Tenant(9), new() { Key = "other", Weight = 1 }));
        Assert.Equal(("other", 1), (own.Spec.Key, own.Spec.Weight));
        await Assert.ThrowsAsync<JobRejectedException>(() => _grid.Jobs.Schedules.PutAsync("typed", schedule => schedule.Cron("0 3 1 1 *").Submit("of-tenant", new { })));
        await Assert.ThrowsAsync<JobRejectedException>(() => _grid.Jobs.Schedules.PutAsync("typed", made.Spec with { Key = "no key" }));
        Assert.Throws<ArgumentException>(() => new ScheduleBuilder().Cron("0 3 1 1 *").Submit("echo", "x", new() { Unique = new() }));
    }

    private static IEnumerable<string> Elsewhere(int own, string stem) =>
        KeysOf(stem).Where(key => JobKeys.PartitionOf(key, TestGrid.Partitions) != own).DistinctBy(key => JobKeys.PartitionOf(key, TestGrid.Partitions));

    private static IEnumerable<string> KeysOf(string stem) => Enumerable.Range(0, 1000).Select(n => $"{stem}/{n}");

    private static async Task<JobStatus> EndedAsync(JobHandle job)
    {
        await ThereAsync(job);
        return await job.WaitAsync().WaitAsync(Patience);
    }

    /// <summary>A letter brings it.</summary>
    private static async Task<JobStatus> ThereAsync(JobHandle job) => (await Eventually.AnswersAsync(async () =>
    {
        try
        {
            return await job.GetStatusAsync();
        }
        catch (JobNotFoundException)
        {
            return null;
        }
    }, status => status is not null))!;

    private Task<IReadOnlyList<ScheduleRun>> OutcomeAsync(string schedule, ScheduleRunOutcome outcome) => RunsAsync(schedule, runs => runs.Count == 1 && runs[0].Outcome == outcome);

    /// <summary>Once the schedule has heard so much of them; then with what their jobs say.</summary>
    private async Task<IReadOnlyList<ScheduleRun>> RunsAsync(string schedule, Predicate<IReadOnlyList<ScheduleRun>> wanted)
    {
        await Eventually.AnswersAsync(async () => (await _grid.Jobs.Schedules.GetAsync(schedule))!.Runs, runs => wanted(runs));
        return await _grid.Jobs.Schedules.RunsAsync(schedule);
    }

    private sealed record Tenant(int TenantId);
}
