using System.Collections.Concurrent;
using OrleansJobs.Hosting;
using OrleansJobs.Schedules;

namespace OrleansJobs.Tests.Gateway;

/// <summary>A partition that has every schedule but <c>nope</c>, of which code declares the one called <c>declared</c>, and looks at what it is given by the rules of a real one.</summary>
/// <param name="put">Those that it was given.</param>
internal sealed class FakeSchedules(ConcurrentDictionary<string, ScheduleInfo> put) : IPartitionSchedules
{
    /// <summary>There is no room for the schedule <c>full</c>, nor for occurrences of it.</summary>
    private static ScheduleAnswer Full => new(ScheduleOutcome.Full) { Reason = "A bound is reached." };

    public Task<ScheduleAnswer> PutSchedule(string id, ScheduleSpec spec, ScheduleCondition condition)
    {
        if (!condition.Holds(Find(id)?.Version)) return Task.FromResult(new ScheduleAnswer(ScheduleOutcome.Changed) { Schedule = Find(id) });
        if (Find(id)?.Application is not null) return Task.FromResult(new ScheduleAnswer(ScheduleOutcome.Declared) { Schedule = Find(id) });
        if (id == "full") return Task.FromResult(Full);
        var (options, now) = (new JobGridOptions(), TimeProvider.System.GetUtcNow());
        var problems = ScheduleRules.Check(id, spec, options, now);
        if (problems.Length == 0 && ScheduleRules.CheckComes(spec, now.ToUnixTimeMilliseconds()) is { } never) problems = [never];
        return Task.FromResult(problems.Length > 0
            ? new ScheduleAnswer(ScheduleOutcome.Rejected) { Problems = problems }
            : new ScheduleAnswer(ScheduleOutcome.Created) { Schedule = put[id] = new() { Id = id, Spec = spec, Version = "1-1" } });
    }

    public Task<ScheduleInfo?> GetSchedule(string id) => Task.FromResult(Find(id));

    public Task<ScheduleAnswer> DeleteSchedule(string id, ScheduleCondition condition, string? application) => Task.FromResult(
        Find(id) is { } found && !condition.Holds(found.Version) ? new(ScheduleOutcome.Changed) { Schedule = found }
        : Find(id) is { Application: { } owner } declared && owner != application ? new(ScheduleOutcome.Declared) { Schedule = declared }
        : Answer(id));

    public Task<ScheduleAnswer> PauseSchedule(string id, ChangeOrder? order, ScheduleCondition condition) => Task.FromResult(Answer(id));

    public Task<ScheduleAnswer> TriggerSchedule(string id, string token) => Task.FromResult(id == "full" ? Full : Answer(id));

    public Task<ScheduleAnswer> BackfillSchedule(string id, long from, long to)
    {
        var wrong = ScheduleRules.CheckRange(from, to, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());
        // Each of them comes each second.
        var (most, last) = (new JobGridOptions().MaxBackfill, from + new JobGridOptions().MaxBackfill * 1000L);
        if (wrong is null && to >= last) wrong = ScheduleRules.TooLongRange(most, last);
        return Task.FromResult(wrong is null ? id == "full" ? Full : Answer(id) : new ScheduleAnswer(ScheduleOutcome.Rejected) { Problems = [new("/to", wrong)] });
    }

    public Task<long[]?> NextOfSchedule(string id, int count) => Task.FromResult<long[]?>(Find(id) is null ? null : []);

    public Task<SchedulePreview> PreviewSchedule(ScheduleSpec spec, int count) => Task.FromResult(new SchedulePreview([], ScheduleRules.CheckInstants(spec)));

    public Task<ScheduleRun[]?> RunsOfSchedule(string id) => Task.FromResult<ScheduleRun[]?>(Find(id) is null ? null : []);

    public Task<ScheduleInfo[]> ListSchedules(string after, int limit, string? application) => Task.FromResult<ScheduleInfo[]>([]);

    public Task<SchedulePart> ReadSchedules(string after, int limit) => Task.FromResult(new SchedulePart([], null));

    public Task<DeclarationAnswer> DeclareSchedules(ScheduleDeclaration declaration) => Task.FromResult(new DeclarationAnswer(0, 0, null, []));

    private ScheduleInfo? Find(string id) => put.TryGetValue(id, out var found) ? found : id == "nope" ? null : new() { Id = id, Spec = new() { Type = "longtask", Every = 1000 }, Version = "1-1", Application = id == "declared" ? "shop" : null };

    private ScheduleAnswer Answer(string id) =>
        Find(id) is { } schedule ? new(ScheduleOutcome.Done) { Schedule = schedule, Jobs = ["job-1"] } : new(ScheduleOutcome.NotFound);
}
