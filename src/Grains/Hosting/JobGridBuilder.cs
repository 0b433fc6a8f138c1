using System.Reflection;
using OrleansJobs.Actions;
using OrleansJobs.Flows;
using OrleansJobs.Flows.Graphs;
using OrleansJobs.HttpCalls;
using OrleansJobs.Schedules;
using OrleansJobs.Webhooks;
using OrleansJobs.Workers;

namespace OrleansJobs.Hosting;

/// <summary>
/// Collects the handlers that a silo has. Mistakes are found when the silo is built: an invalid name, a name given twice, a class without
/// <c>[Job]</c>, a handler without a contract.
/// </summary>
public sealed class JobGridBuilder
{
    private static readonly string?[] OwnSources = [typeof(GraphFlow).FullName, typeof(WebhookJob).FullName, typeof(ActionJob).FullName];

    private readonly List<Registration> _registrations = [];
    private readonly List<(string Id, ScheduleBuilder Schedule)> _schedules = [];

    /// <summary>
    /// Registers a class that implements <see cref="IJob{TArgs, TResult}"/>, <see cref="IJob{TArgs}"/>, <see cref="IBatchJob{TArgs, TResult}"/> or <see cref="IBatchJob{TArgs}"/> and carries
    /// <see cref="JobAttribute"/>, itself or on its contract interface. An instance is made for every attempt, in a scope of its own,
    /// with its constructor's parameters from the silo's services.
    /// </summary>
    /// <exception cref="JobRegistrationException">The class is no handler, or has no name.</exception>
    public JobGridBuilder AddJob<THandler>(Action<JobRegistrationOptions>? configure = null) where THandler : class =>
        Add(HandlerContract.Of(typeof(THandler)), configure);

    /// <summary>Registers a function as the handler of a job type.</summary>
    /// <param name="name">1 to 64 of <c>A-Z a-z 0-9 . _ -</c>.</param>
    /// <exception cref="JobRegistrationException">The name is invalid.</exception>
    public JobGridBuilder AddJob<TArgs, TResult>(
        string name, Func<TArgs, JobContext, CancellationToken, Task<TResult>> run, Action<JobRegistrationOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Add(name, Describe(run), configure, (n, options) => new FunctionHandler<TArgs, TResult>(n, options, run));
    }

    /// <summary>Registers a function without a result as the handler of a job type.</summary>
    /// <inheritdoc cref="AddJob{TArgs, TResult}(string, Func{TArgs, JobContext, CancellationToken, Task{TResult}}, Action{JobRegistrationOptions}?)"/>
    public JobGridBuilder AddJob<TArgs>(
        string name, Func<TArgs, JobContext, CancellationToken, Task> run, Action<JobRegistrationOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Add(name, Describe(run), configure, (n, options) => new ActionHandler<TArgs>(n, options, run));
    }

    /// <summary>
    /// Registers a class that implements <see cref="IFlow{TArgs, TResult}"/> or <see cref="IFlow{TArgs}"/> and carries <see cref="JobAttribute"/>, as
    /// <see cref="AddJob{THandler}(Action{JobRegistrationOptions})"/> does for handlers. An instance is made whenever the flow runs from the top.
    /// </summary>
    /// <exception cref="JobRegistrationException">The class is no flow, or has no name.</exception>
    public JobGridBuilder AddFlow<TFlow>(Action<JobRegistrationOptions>? configure = null) where TFlow : class =>
        HandlerContract.Of(typeof(TFlow)) is { IsFlow: true } contract
            ? Add(contract, configure)
            : throw new JobRegistrationException($"{typeof(TFlow).FullName} is no flow: it implements IJob. Register it with AddJob.");

    /// <summary>Registers a function as a flow.</summary>
    /// <param name="name">1 to 64 of <c>A-Z a-z 0-9 . _ -</c>.</param>
    /// <exception cref="JobRegistrationException">The name is invalid.</exception>
    public JobGridBuilder AddFlow<TArgs, TResult>(
        string name, Func<TArgs, FlowContext, CancellationToken, Task<TResult>> run, Action<JobRegistrationOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Add(name, Describe(run), configure, (n, options) => new FunctionFlow<TArgs, TResult>(n, options, run));
    }

    /// <summary>Registers a function without a result as a flow.</summary>
    /// <inheritdoc cref="AddFlow{TArgs, TResult}(string, Func{TArgs, FlowContext, CancellationToken, Task{TResult}}, Action{JobRegistrationOptions}?)"/>
    public JobGridBuilder AddFlow<TArgs>(
        string name, Func<TArgs, FlowContext, CancellationToken, Task> run, Action<JobRegistrationOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Add(name, Describe(run), configure, (n, options) => new ActionFlow<TArgs>(n, options, run));
    }

    /// <summary>
    /// Registers a method of a grain as the handler of a job type: a job that falls due is a durable call of that grain, retried as its policy says. With
    /// <see cref="SubmitOptions.Countdown"/> or a schedule it is a reminder that costs a row; see docs/REMINDERS.md.
    /// </summary>
    /// <param name="name">1 to 64 of <c>A-Z a-z 0-9 . _ -</c>.</param>
    /// <param name="key">Which grain, by the arguments.</param>
    /// <param name="call">What is called. A call that fails, or that its silo does not survive, is made again, so the grain should know a job's id that it has seen.</param>
    /// <example><c>jobs.AddGrainJob&lt;IOrderGrain, ExpireArgs&gt;("order-expire", args => args.OrderId, (grain, args, job, cancellation) => grain.Expire(args.Reason))</c></example>
    /// <exception cref="JobRegistrationException">The name is invalid.</exception>
    public JobGridBuilder AddGrainJob<TGrain, TArgs>(
        string name, Func<TArgs, string> key, Func<TGrain, TArgs, JobContext, CancellationToken, Task> call, Action<JobRegistrationOptions>? configure = null)
        where TGrain : IGrainWithStringKey => AddGrainCall(name, (grains, args) => grains.GetGrain<TGrain>(key(args)), call, configure);

    /// <inheritdoc cref="AddGrainJob{TGrain, TArgs}(string, Func{TArgs, string}, Func{TGrain, TArgs, JobContext, CancellationToken, Task}, Action{JobRegistrationOptions}?)"/>
    public JobGridBuilder AddGrainJob<TGrain, TArgs>(
        string name, Func<TArgs, Guid> key, Func<TGrain, TArgs, JobContext, CancellationToken, Task> call, Action<JobRegistrationOptions>? configure = null)
        where TGrain : IGrainWithGuidKey => AddGrainCall(name, (grains, args) => grains.GetGrain<TGrain>(key(args)), call, configure);

    /// <inheritdoc cref="AddGrainJob{TGrain, TArgs}(string, Func{TArgs, string}, Func{TGrain, TArgs, JobContext, CancellationToken, Task}, Action{JobRegistrationOptions}?)"/>
    public JobGridBuilder AddGrainJob<TGrain, TArgs>(
        string name, Func<TArgs, long> key, Func<TGrain, TArgs, JobContext, CancellationToken, Task> call, Action<JobRegistrationOptions>? configure = null)
        where TGrain : IGrainWithIntegerKey => AddGrainCall(name, (grains, args) => grains.GetGrain<TGrain>(key(args)), call, configure);

    /// <summary>Registers every class of an assembly that carries <see cref="JobAttribute"/>, itself or on its contract interface.</summary>
    /// <exception cref="JobRegistrationException">A class with the attribute is no handler.</exception>
    public JobGridBuilder AddJobsFrom(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        foreach (var type in assembly.GetTypes().Where(HandlerContract.IsNamedHandler).OrderBy(type => type.FullName, StringComparer.Ordinal))
            Add(HandlerContract.Of(type), null);
        return this;
    }

    /// <summary>
    /// Declares a schedule: when a silo has started, the grid has it as it is said here. It belongs to this application (<see cref="JobGridOptions.Application"/>):
    /// a later release that says something else changes it, one that does not name it any more removes it, and an older one does neither.
    /// </summary>
    /// <example><c>jobs.AddSchedule("nightly", schedule => schedule.Cron("0 3 * * *", "Europe/Berlin").Submit&lt;CleanupJob&gt;(args))</c></example>
    public JobGridBuilder AddSchedule(string id, Action<ScheduleBuilder> schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        var builder = new ScheduleBuilder();
        schedule(builder);
        _schedules.Add((id, builder));
        return this;
    }

    /// <summary>The schedules that were declared, checked.</summary>
    /// <exception cref="JobRegistrationException">An id is declared twice, or a schedule breaks a rule; names all that is wrong.</exception>
    internal DeclaredSchedules BuildSchedules(JobGridOptions options, HandlerRegistry handlers, DateTimeOffset now) => DeclaredSchedules.Of(_schedules, handlers, options, now);

    /// <summary>Registers what every silo runs for the grid itself.</summary>
    internal JobGridBuilder AddOwn() => Add(FlowGraph.JobType, typeof(GraphFlow).FullName!, GraphFlow.Configure, (name, options) => new GraphFlow(name, options)).Add(HandlerContract.Of(typeof(ActionJob)), null);

    /// <summary>What a silo runs for the grid where it is configured to.</summary>
    private static List<Registration> Configured(JobGridOptions options)
    {
        var builder = new JobGridBuilder();
        if (options.Http.Hosts.Count > 0) builder.Add(HandlerContract.Of(typeof(HttpJob)), null);
        if (options.Http.Hosts.Count > 0 && options.Webhooks.Secrets.Count > 0) builder.Add(HandlerContract.Of(typeof(WebhookJob)), null);
        return builder._registrations;
    }

    /// <summary>What was registered, checked against the limits and defaults of the grid.</summary>
    /// <exception cref="JobRegistrationException">A name is registered twice, or an option is out of bounds; names all that is wrong.</exception>
    internal HandlerRegistry Build(JobGridOptions options)
    {
        var errors = new List<string>();
        List<Registration> all = [.. _registrations, .. Configured(options)];
        foreach (var same in all.GroupBy(registration => registration.Name, StringComparer.Ordinal).Where(group => group.Count() > 1))
            errors.Add($"Job '{same.Key}' is registered {same.Count()} times: by {string.Join(" and by ", same.Select(registration => registration.Source))}. A name has one handler.");
        foreach (var registration in all)
            errors.AddRange(JobRegistrationRules.Check(registration.Name, registration.Source, registration.Options, options));
        if (errors.Count > 0) throw new JobRegistrationException(string.Join(Environment.NewLine, errors));
        var handlers = all.ConvertAll(registration => registration.Make(registration.Name, HandlerOptions.Of(registration.Options, options)));
        errors.AddRange(handlers.Select(JobRegistrationRules.CheckKey).OfType<string>());
        return errors.Count > 0 ? throw new JobRegistrationException(string.Join(Environment.NewLine, errors)) : new HandlerRegistry(handlers);
    }

    private JobGridBuilder AddGrainCall<TGrain, TArgs>(
        string name, Func<IGrainFactory, TArgs, TGrain> find, Func<TGrain, TArgs, JobContext, CancellationToken, Task> call, Action<JobRegistrationOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(call);
        return Add(name, $"a method of {typeof(TGrain).FullName}", configure, (n, options) => new GrainHandler<TGrain, TArgs>(n, options, find, call));
    }

    private static string Describe(Delegate run) =>
        run.Method.DeclaringType is { } type ? $"a function of {(type.DeclaringType ?? type).FullName}" : "a function";

    private JobGridBuilder Add(HandlerContract contract, Action<JobRegistrationOptions>? configure)
    {
        void FromAttribute(JobRegistrationOptions options)
        {
            options.Queue = contract.Attribute.Queue;
            options.Description = contract.Attribute.Description;
            options.Key = contract.Attribute.Key;
            options.Logs = contract.Attribute.Logs;
            if (contract.Attribute.Weight != 0) options.Weight = contract.Attribute.Weight;
            if (contract.Attribute.Attempts != 0) options.Attempts = contract.Attribute.Attempts;
            if (contract.Attribute.Batch != 0) options.Batch = contract.Attribute.Batch;
            if (contract.Attribute.BatchSeconds != 0) options.BatchWait = JobRegistrationRules.Seconds(contract.Attribute.BatchSeconds);
            if (contract.Attribute.TimeoutSeconds != 0) options.Timeout = JobRegistrationRules.Seconds(contract.Attribute.TimeoutSeconds);
            if (contract.Attribute.StalledAfterSeconds != 0) options.StalledAfter = JobRegistrationRules.Seconds(contract.Attribute.StalledAfterSeconds);
        }

        return Add(contract.Attribute.Name, contract.Handler.FullName ?? contract.Handler.Name, FromAttribute + configure, contract.MakeEntry);
    }

    private JobGridBuilder Add(
        string name, string source, Action<JobRegistrationOptions>? configure, Func<string, HandlerOptions, HandlerEntry> make)
    {
        if (SubmissionRules.IsReserved(name) && !OwnSources.Contains(source))
            throw new JobRegistrationException($"'{name}', the name of the job handled by {source}, begins with '{JobIds.DerivedPrefix}', as only the grid's own may.");
        if (!SubmissionRules.IsName(name))
            throw new JobRegistrationException($"'{name}', the name of the job handled by {source}, is invalid: a name is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -.");
        var options = new JobRegistrationOptions();
        configure?.Invoke(options);
        _registrations.Add(new(name, source, options, make));
        return this;
    }

    private sealed record Registration(string Name, string Source, JobRegistrationOptions Options, Func<string, HandlerOptions, HandlerEntry> Make);
}
