using OrleansJobs.Hosting;
using OrleansJobs.Workers;

namespace OrleansJobs.Schedules;

/// <summary>The schedules that the code of this silo's application declares, checked when the silo is built.</summary>
/// <param name="Application">Whose they are.</param>
/// <param name="Release">Which release of it says so.</param>
internal sealed record DeclaredSchedules(string Application, string Release, DeclaredSchedule[] All)
{
    /// <summary>Those of <see cref="All"/> of whose types this silo has no handler: what queue and key they have another silo may know.</summary>
    public IReadOnlyDictionary<string, ScheduleBuilder> OfOthers { get; init; } = new Dictionary<string, ScheduleBuilder>();

    /// <summary>Of those that <see cref="JobGridBuilder.AddSchedule"/> was given.</summary>
    /// <exception cref="JobRegistrationException">An id is declared twice, or a schedule breaks a rule; names all that is wrong.</exception>
    public static DeclaredSchedules Of(IReadOnlyList<(string Id, ScheduleBuilder Schedule)> declared, HandlerRegistry handlers, JobGridOptions options, DateTimeOffset now)
    {
        var errors = new List<string>();
        foreach (var same in declared.GroupBy(one => one.Id, StringComparer.Ordinal).Where(group => group.Count() > 1))
            errors.Add($"The schedule '{same.Key}' is declared {same.Count()} times. An id has one schedule.");
        var all = new List<DeclaredSchedule>();
        var others = new Dictionary<string, ScheduleBuilder>(StringComparer.Ordinal);
        foreach (var (id, schedule) in declared)
        {
            try
            {
                all.Add(new(id, OfItsType(schedule, handlers)));
                if (schedule.NeedsType && !handlers.TryGet(all[^1].Spec.Type, out _)) others[id] = schedule;
                Note(id, ScheduleRules.Check(id, all[^1].Spec, options, now));
            }
            catch (JobRejectedException rejected)
            {
                Note(id, rejected.Problems);
            }
        }

        return errors.Count > 0
            ? throw new JobRegistrationException(string.Join(Environment.NewLine, errors))
            : new(ApplicationNames.Application(options), ApplicationNames.Release(options), [.. all]) { OfOthers = others };

        void Note(string id, IEnumerable<SubmissionProblem> problems) => errors.AddRange(problems.Select(problem => $"The schedule '{id}', {problem.Pointer}: {problem.Detail}"));
    }

    /// <summary>One of <see cref="OfOthers"/>, with what is known of its type by now.</summary>
    /// <param name="known">Null: nothing.</param>
    /// <exception cref="JobRejectedException">The arguments make no key.</exception>
    public DeclaredSchedule Resolve(DeclaredSchedule schedule, TypeDefaults? known)
    {
        var builder = OfOthers[schedule.Id];
        return known is not null
            ? schedule with { Spec = builder.With(known) }
            : schedule with { KeepsQueue = builder.Queue is null, KeepsKey = builder.Build().Key is null };
    }

    /// <summary>Where nobody says a queue or a key, it is as the handler here says.</summary>
    private static ScheduleSpec OfItsType(ScheduleBuilder schedule, HandlerRegistry handlers)
    {
        var spec = schedule.Build();
        if (spec.IsFlow) return spec;
        return handlers.TryGet(spec.Type, out var handler) ? schedule.With(handler.Options.Defaults) : schedule.With(TypeDefaults.None with { Queue = spec.Queue });
    }
}
