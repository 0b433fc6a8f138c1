using OrleansJobs.Hosting;
using OrleansJobs.Workers;

namespace OrleansJobs.Schedules;

/// <summary>The schedules that the code of this silo's application declares, checked when the silo is built.</summary>
/// <param name="Application">Whose they are.</param>
/// <param name="Release">Which release of it says so.</param>
internal sealed record DeclaredSchedules(string Application, string Release, DeclaredSchedule[] All)
{
    /// <summary>Of those that <see cref="JobGridBuilder.AddSchedule"/> was given.</summary>
    /// <exception cref="JobRegistrationException">An id is declared twice, or a schedule breaks a rule; names all that is wrong.</exception>
    public static DeclaredSchedules Of(IReadOnlyList<(string Id, ScheduleBuilder Schedule)> declared, HandlerRegistry handlers, JobGridOptions options, DateTimeOffset now)
    {
        var errors = new List<string>();
        foreach (var same in declared.GroupBy(one => one.Id, StringComparer.Ordinal).Where(group => group.Count() > 1))
            errors.Add($"The schedule '{same.Key}' is declared {same.Count()} times. An id has one schedule.");
        var all = declared.Select(one => new DeclaredSchedule(one.Id, WithQueue(one.Schedule, handlers))).ToArray();
        foreach (var schedule in all)
            errors.AddRange(ScheduleRules.Check(schedule.Id, schedule.Spec, options.Limits, now).Select(problem => $"The schedule '{schedule.Id}', {problem.Pointer}: {problem.Detail}"));
        return errors.Count > 0
            ? throw new JobRegistrationException(string.Join(Environment.NewLine, errors))
            : new(ApplicationNames.Application(options), ApplicationNames.Release(options), all);
    }

    /// <summary>Where nobody says a queue, it is that of the handler here.</summary>
    private static ScheduleSpec WithQueue(ScheduleBuilder schedule, HandlerRegistry handlers)
    {
        var spec = schedule.Build();
        return schedule.Queue is null && handlers.TryGet(spec.Type, out var handler) ? spec with { Queue = handler.Info.Queue } : spec;
    }
}
