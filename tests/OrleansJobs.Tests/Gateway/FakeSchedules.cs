using OrleansJobs.Schedules;

namespace OrleansJobs.Tests.Gateway;

/// <summary>A partition that has every schedule but <c>nope</c>, and looks at those that it is given by the rules of a real one.</summary>
internal sealed class FakeSchedules : IPartitionSchedules
{

    public Task<ScheduleAnswer> PutSchedule(string id, ScheduleSpec spec, ScheduleCondition condition)
    {
        var problems = ScheduleRules.Check(id, spec, new(), TimeProvider.System.GetUtcNow());
        return Task.FromResult(problems.Length > 0
            ? new ScheduleAnswer(ScheduleOutcome.Rejected) { Problems = problems }
            : new ScheduleAnswer(ScheduleOutcome.Created) { Schedule = new() { Id = id, Spec = spec, Version = "1-1" } });
    }

    public Task<ScheduleInfo?> GetSchedule(string id) => Task.FromResult(Find(id));

    public Task<ScheduleAnswer> DeleteSchedule(string id, ScheduleCondition condition, string? application) => Task.FromResult(Answer(id));

    public Task<ScheduleAnswer> PauseSchedule(string id, ChangeOrder? order, ScheduleCondition condition) => Task.FromResult(Answer(id));

    public Task<ScheduleAnswer> TriggerSchedule(string id, string token) => Task.FromResult(Answer(id));

    public Task<ScheduleAnswer> BackfillSchedule(string id, long from, long to) => Task.FromResult(Answer(id));

    public Task<long[]?> NextOfSchedule(string id, int count) => Task.FromResult<long[]?>(Find(id) is null ? null : []);

    public Task<SchedulePreview> PreviewSchedule(ScheduleSpec spec, int count) => Task.FromResult(new SchedulePreview([], ScheduleRules.CheckInstants(spec)));

    public Task<ScheduleRun[]?> RunsOfSchedule(string id) => Task.FromResult<ScheduleRun[]?>(Find(id) is null ? null : []);

    public Task<ScheduleInfo[]> ListSchedules(string after, int limit, string? application) => Task.FromResult<ScheduleInfo[]>([]);

    public Task<DeclarationAnswer> DeclareSchedules(ScheduleDeclaration declaration) => Task.FromResult(new DeclarationAnswer(0, 0, null, []));

    private static ScheduleInfo? Find(string id) => id == "nope" ? null : new() { Id = id, Spec = new() { Type = "longtask", Every = 1000 }, Version = "1-1" };

    private static ScheduleAnswer Answer(string id) =>
        Find(id) is { } schedule ? new(ScheduleOutcome.Done) { Schedule = schedule, Jobs = ["job-1"] } : new(ScheduleOutcome.NotFound);
}
