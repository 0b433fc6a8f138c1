using System.Reflection;
using System.Text.Json;

namespace OrleansJobs;

/// <summary>Says a schedule in words.</summary>
public sealed class ScheduleBuilder
{
    private ScheduleSpec _spec = new() { Type = "" };

    /// <summary>Null: no queue was said, and the type's is to be taken.</summary>
    internal string? Queue { get; private set; }

    /// <param name="expression">Five fields, or six where the first are seconds: <c>30 2 * * MON-FRI</c>.</param>
    /// <param name="zone">An IANA name. Null: UTC.</param>
    public ScheduleBuilder Cron(string expression, string? zone = null) => With(_spec with { Cron = expression, Zone = zone });

    /// <param name="anchor">An instant that it counts from. Null: when the schedule is made.</param>
    public ScheduleBuilder Every(TimeSpan period, DateTimeOffset? anchor = null) =>
        With(_spec with { Every = (long)period.TotalMilliseconds, Anchor = anchor?.ToUnixTimeMilliseconds() });

    /// <summary>No instant before the one and after the other, and so many at most.</summary>
    public ScheduleBuilder Within(DateTimeOffset? start = null, DateTimeOffset? end = null, int? count = null) =>
        With(_spec with { Start = start?.ToUnixTimeMilliseconds(), End = end?.ToUnixTimeMilliseconds(), Count = count });

    public ScheduleBuilder Jitter(TimeSpan atMost) => With(_spec with { Jitter = (long)atMost.TotalMilliseconds });

    public ScheduleBuilder Overlap(ScheduleOverlap rule) => With(_spec with { Overlap = rule });

    /// <param name="after">What is so late is missed. Null: what the grid says.</param>
    /// <param name="within">With <see cref="ScheduleMissed.All"/>: those at most so late.</param>
    public ScheduleBuilder Missed(ScheduleMissed rule, TimeSpan? after = null, TimeSpan? within = null) =>
        With(_spec with { Missed = rule, MissedAfter = (long?)after?.TotalMilliseconds, MissedWithin = (long?)within?.TotalMilliseconds });

    /// <summary>What each occurrence submits. Of the options, those that say when a job is to run are refused, as is an id.</summary>
    public ScheduleBuilder Submit<TArgs>(string type, TArgs args, SubmitOptions? options = null)
    {
        options ??= new();
        if (options.Id is not null || options.Countdown is not null || options.Eta is not null || options.ExpiresAfter is not null || options.Retry is not null)
            throw new ArgumentException("The occurrences of a schedule have ids and instants of its own, and the handler's policy with an own number of attempts.", nameof(options));
        Queue = options.Queue;
        return With(_spec with
        {
            Type = type, Args = JsonSerializer.SerializeToUtf8Bytes(args, JobJson.Options), Queue = options.Queue ?? JobLimits.DefaultQueue,
            Priority = options.Priority ?? JobLimits.DefaultPriority, Attempts = options.Attempts, Timeout = (long?)options.Timeout?.TotalMilliseconds,
            Retention = (long?)options.Retention?.TotalMilliseconds, Tags = options.Tags is null ? [] : [.. options.Tags.Select(tag => new JobTag(tag.Key, tag.Value))],
        });
    }

    /// <summary>The same, named by the contract of its handler.</summary>
    /// <typeparam name="TJob">Carries <see cref="JobAttribute"/>.</typeparam>
    public ScheduleBuilder Submit<TJob>(object? args = null, SubmitOptions? options = null)
    {
        var job = typeof(TJob).GetCustomAttribute<JobAttribute>() ?? throw new ArgumentException($"{typeof(TJob).Name} has no [Job(\"name\")] attribute.");
        return Submit(job.Name, args ?? new(), (options ?? new()) with { Queue = options?.Queue ?? job.Queue });
    }

    internal ScheduleSpec Build() => _spec;

    private ScheduleBuilder With(ScheduleSpec spec)
    {
        _spec = spec;
        return this;
    }
}
