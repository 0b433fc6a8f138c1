namespace OrleansJobs;

/// <summary>Schedules over grain calls.</summary>
internal sealed class ScheduleClient(JobClient client, GridConnection grid, KnownTypes types) : IScheduleClient
{
    public async Task<ScheduleInfo> PutAsync(string id, ScheduleSpec spec, string? version = null, CancellationToken cancellation = default)
    {
        var tries = 0;
        var answer = await ChangeAsync(id, partition =>
        {
            tries++;
            return partition.PutSchedule(id, spec, new(version));
        }, cancellation);
        // A second try may find what the first one, whose answer was lost, has put.
        var isOurs = answer is { Outcome: ScheduleOutcome.Changed, Schedule: { } found } && tries > 1 && found.Spec.IsSameAs(spec);
        return isOurs ? answer.Schedule! : Expect(answer, id).Schedule!;
    }

    public async Task<ScheduleInfo> PutAsync(string id, Action<ScheduleBuilder> schedule, string? version = null, CancellationToken cancellation = default)
    {
        var builder = new ScheduleBuilder();
        schedule(builder);
        var spec = builder.Build();
        if (!spec.IsFlow) spec = builder.With(await types.OfAsync(spec.Type, cancellation));
        return await PutAsync(id, spec, version, cancellation);
    }

    public Task<ScheduleInfo?> GetAsync(string id, CancellationToken cancellation = default) => AskAsync(id, partition => partition.GetSchedule(id), cancellation);

    public async Task<SchedulePage> ListAsync(int limit = 50, string? cursor = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, JobLimits.MaxPage);
        return await grid.AskAsync(async () => await SchedulePage.ReadAsync(grid.Schedules, (await grid.GetInfoAsync(cancellation)).Partitions, cursor, limit), cancellation);
    }

    public async Task<bool> DeleteAsync(string id, string? version = null, string? application = null, CancellationToken cancellation = default)
    {
        var tries = 0;
        var answer = await ChangeAsync(id, partition =>
        {
            tries++;
            return partition.DeleteSchedule(id, new(version), application);
        }, cancellation);
        // What a second try does not find is what the first one, whose answer was lost, has deleted.
        if (answer.Outcome == ScheduleOutcome.NotFound) return tries > 1;
        Expect(answer, id);
        return true;
    }

    public Task<ScheduleInfo> PauseAsync(string id, string? reason = null, string? version = null, CancellationToken cancellation = default) =>
        OrderAsync(id, new ChangeOrder(grid.Options.Name, reason), version, cancellation);

    public Task<ScheduleInfo> ResumeAsync(string id, string? version = null, CancellationToken cancellation = default) => OrderAsync(id, null, version, cancellation);

    public async Task<JobHandle> TriggerAsync(string id, CancellationToken cancellation = default)
    {
        // The same for each try: an answer that is lost makes no second occurrence.
        var token = Guid.NewGuid().ToString("n");
        return client.Get(Expect(await ChangeAsync(id, partition => partition.TriggerSchedule(id, token), cancellation), id).Jobs[0]);
    }

    public async Task<IReadOnlyList<string>> BackfillAsync(string id, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellation = default) =>
        Expect(await ChangeAsync(id, partition => partition.BackfillSchedule(id, from.ToUnixTimeMilliseconds(), to.ToUnixTimeMilliseconds()), cancellation), id).Jobs;

    public async Task<IReadOnlyList<DateTimeOffset>> NextAsync(string id, int count = ScheduleLimits.DefaultNext, CancellationToken cancellation = default)
    {
        var next = await AskAsync(id, partition => partition.NextOfSchedule(id, count), cancellation) ?? throw new ScheduleNotFoundException(id);
        return Array.ConvertAll(next, DateTimeOffset.FromUnixTimeMilliseconds);
    }

    public async Task<IReadOnlyList<ScheduleRun>> RunsAsync(string id, CancellationToken cancellation = default) =>
        await AskAsync(id, partition => partition.RunsOfSchedule(id), cancellation) ?? throw new ScheduleNotFoundException(id);

    private async Task<ScheduleInfo> OrderAsync(string id, ChangeOrder? order, string? version, CancellationToken cancellation)
    {
        var tries = 0;
        var answer = await ChangeAsync(id, partition =>
        {
            tries++;
            return partition.PauseSchedule(id, order, new(version));
        }, cancellation);
        // A second try may find what the first one, whose answer was lost, has done.
        var isOurs = answer is { Outcome: ScheduleOutcome.Changed, Schedule: { } found } && tries > 1
            && (found.Paused is { } pause ? order is not null && (pause.By, pause.Reason) == (order.By, order.Reason) : order is null);
        return isOurs ? answer.Schedule! : Expect(answer, id).Schedule!;
    }

    private Task<T> AskAsync<T>(string id, Func<IPartitionSchedules, Task<T>> question, CancellationToken cancellation) => grid.AskAsync(async () =>
    {
        var info = await grid.GetInfoAsync(cancellation);
        return await question(grid.Schedules(JobIds.PartitionOf(id, info.Partitions)));
    }, cancellation);

    private Task<ScheduleAnswer> ChangeAsync(string id, Func<IPartitionSchedules, Task<ScheduleAnswer>> change, CancellationToken cancellation) => AskAsync(id, async partition =>
    {
        var answer = await change(partition);
        return answer.Outcome == ScheduleOutcome.Unavailable ? throw new GridUnavailableException(answer.Reason ?? "The store did not answer in time; it may or may not have happened.") : answer;
    }, cancellation);

    private static ScheduleAnswer Expect(ScheduleAnswer answer, string id) => answer.Outcome switch
    {
        ScheduleOutcome.Done or ScheduleOutcome.Created => answer,
        ScheduleOutcome.NotFound => throw new ScheduleNotFoundException(id),
        ScheduleOutcome.Rejected => throw new JobRejectedException(answer.Problems),
        ScheduleOutcome.Changed => throw new ScheduleConflictException(id, answer.Schedule is { } schedule ? $"its version is {schedule.Version}." : "there is none."),
        ScheduleOutcome.Declared => throw new ScheduleConflictException(id, $"the code of '{answer.Schedule?.Application}' declares it."),
        _ => throw new GridOverloadedException(answer.Reason ?? "The grid is full.", TimeSpan.FromSeconds(10)),
    };
}
