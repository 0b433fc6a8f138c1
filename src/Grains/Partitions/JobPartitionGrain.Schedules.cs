using OrleansJobs.Schedules;

namespace OrleansJobs.Partitions;

/// <summary>What the partition's schedules need of it, and how they are asked: <see cref="PartitionSchedules"/> and <see cref="ScheduleCalls"/> do the rest.</summary>
internal sealed partial class JobPartitionGrain : IPartitionSchedules
{
    private PartitionSchedules _schedules = null!;
    private ScheduleCalls _scheduleCalls = null!;

    public Task<ScheduleAnswer> PutSchedule(string id, ScheduleSpec spec, ScheduleCondition condition) => _scheduleCalls.PutAsync(id, spec, condition);

    public Task<ScheduleInfo?> GetSchedule(string id) => CurrentAsync(() => _scheduleCalls.GetAsync(id));

    public Task<ScheduleAnswer> DeleteSchedule(string id, ScheduleCondition condition, string? application) => _scheduleCalls.DeleteAsync(id, condition, application);

    public Task<ScheduleAnswer> PauseSchedule(string id, ChangeOrder? order, ScheduleCondition condition) =>
        _scheduleCalls.PauseAsync(id, order is null ? null : Clipped(order), condition);

    public Task<ScheduleAnswer> TriggerSchedule(string id, string token) => _scheduleCalls.TriggerAsync(id, token);

    public Task<ScheduleAnswer> BackfillSchedule(string id, long from, long to) => _scheduleCalls.BackfillAsync(id, from, to);

    public Task<long[]?> NextOfSchedule(string id, int count) => CurrentAsync(() => _scheduleCalls.NextAsync(id, count));

    public Task<SchedulePreview> PreviewSchedule(ScheduleSpec spec, int count) => Task.FromResult(_scheduleCalls.Preview(spec, count));

    public Task<ScheduleRun[]?> RunsOfSchedule(string id) => CurrentAsync(() => _scheduleCalls.RunsAsync(id));

    public async Task<ScheduleInfo[]> ListSchedules(string after, int limit, string? application) => (await _scheduleCalls.ListAsync(after, limit, application, int.MaxValue)).Schedules;

    public Task<SchedulePart> ReadSchedules(string after, int limit) => _scheduleCalls.ListAsync(after, limit);

    public Task<DeclarationAnswer> DeclareSchedules(ScheduleDeclaration declaration) => new ScheduleDeclaring(this, _scheduleCalls).DeclareAsync(declaration);

    /// <summary>A silo that stood still may have been succeeded: it answers nothing from memory before it knows.</summary>
    private async Task<T> CurrentAsync<T>(Func<Task<T>> answer)
    {
        await services.Standstill.ConfirmAsync();
        if (_commits.IsOver) throw PartitionMoved.Exception(_partition);
        return await answer();
    }
}
