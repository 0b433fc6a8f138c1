using System.Reflection;
using System.Text.Json;

namespace OrleansJobs;

/// <summary>Says a schedule in words.</summary>
public sealed class ScheduleBuilder
{
    private ScheduleSpec _spec = new() { Type = "" };
    private TypeDefaults? _type;

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
        Queue = options.Queue;
        return Submit(type, JsonSerializer.SerializeToUtf8Bytes(args, JobJson.Options), options.Queue ?? JobLimits.DefaultQueue, options.Priority ?? JobLimits.DefaultPriority, options);
    }

    /// <summary>The same, named by the contract of its handler.</summary>
    /// <typeparam name="TJob">Carries <see cref="JobAttribute"/>.</typeparam>
    public ScheduleBuilder Submit<TJob>(object? args = null, SubmitOptions? options = null)
    {
        var job = typeof(TJob).GetCustomAttribute<JobAttribute>() ?? throw new ArgumentException($"{typeof(TJob).Name} has no [Job(\"name\")] attribute.");
        _type = TypeDefaults.Of(job);
        return Submit(job.Name, args ?? new(), (options ?? new()) with { Queue = options?.Queue ?? job.Queue });
    }

    /// <summary>Each occurrence is a flow. Of the options, its deadline, retention, tags and who is called are its own; all else its jobs say.</summary>
    public ScheduleBuilder SubmitFlow(FlowGraph flow, SubmitOptions? options = null)
    {
        options ??= new();
        if (options.Queue is not null || options.Priority is not null || options.Attempts is not null || options.Timeout is not null || options.Key is not null || options.Weight is not null)
            throw new ArgumentException("Where and how a flow itself runs is the grid's choice: give its jobs a queue, a priority, a key, attempts and a timeout.", nameof(options));
        Queue = FlowGraph.RunQueue;
        return Submit(FlowGraph.JobType, JsonSerializer.SerializeToUtf8Bytes(flow, JobJson.Options), FlowGraph.RunQueue, FlowGraph.RunPriority, options);
    }

    internal ScheduleSpec Build() => _spec;

    /// <summary>What its queue or key is has to be known of the type, and its contract does not say it.</summary>
    internal bool NeedsType => _type is null && !_spec.IsFlow && (Queue is null || _spec.Key is null);

    /// <summary>The same with what the type of its jobs says where the schedule does not.</summary>
    /// <param name="defaults">What the grid knows of the type; its contract goes before that.</param>
    /// <exception cref="JobRejectedException">The arguments make no key.</exception>
    internal ScheduleSpec With(TypeDefaults defaults)
    {
        defaults = _type ?? defaults;
        var spec = Queue is null ? _spec with { Queue = defaults.Queue } : _spec;
        var job = defaults.Keyed(new JobSubmission { Id = "any", Type = spec.Type, Args = spec.Args, Key = spec.Key, Weight = spec.Weight }, hasOwnId: false);
        return spec with { Key = job.Key, Weight = job.Weight };
    }

    private ScheduleBuilder Submit(string type, byte[] args, string queue, int priority, SubmitOptions options)
    {
        if (options.Id is not null || options.Countdown is not null || options.Eta is not null || options.ExpiresAfter is not null || options.Retry is not null || options.After is not null)
            throw new ArgumentException("The occurrences of a schedule have ids and instants of its own, follow no other jobs, and have the handler's policy with an own number of attempts.", nameof(options));
        if (options.Unique is not null) throw new ArgumentException(KeyRules.NotOfSchedules, nameof(options));
        return With(_spec with
        {
            Key = options.Key, Weight = options.Weight,
            Type = type, Args = args, Queue = queue, Priority = priority, Attempts = options.Attempts, Timeout = (long?)options.Timeout?.TotalMilliseconds,
            Retention = (long?)options.Retention?.TotalMilliseconds, Deadline = (long?)options.DeadlineAfter?.TotalMilliseconds,
            Tags = options.Tags is null ? [] : [.. options.Tags.Select(tag => new JobTag(tag.Key, tag.Value))],
            Notify = options.Notify is null ? [] : [.. options.Notify],
        });
    }

    private ScheduleBuilder With(ScheduleSpec spec)
    {
        _spec = spec;
        return this;
    }
}
