namespace OrleansJobs;

/// <summary>Submits and follows jobs, from any process that has an Orleans client or is a silo.</summary>
public interface IJobClient
{
    /// <summary>Hands a job to the grid. When the task completes, the store has it.</summary>
    /// <typeparam name="TArgs">Written as JSON with the web defaults (camelCase), unless they are <see cref="System.Text.Json.JsonElement"/>.</typeparam>
    /// <exception cref="JobRejectedException">It breaks a rule; nothing was stored.</exception>
    /// <exception cref="JobConflictException">Another job has this id.</exception>
    /// <exception cref="GridOverloadedException">A bound is reached; nothing was stored.</exception>
    /// <exception cref="GridUnavailableException">No answer in time, after the client's own retries: submit again with the same id to find out.</exception>
    Task<JobHandle> SubmitAsync<TArgs>(string type, TArgs args, SubmitOptions? options = null, CancellationToken cancellation = default);

    /// <summary>Hands a job to the grid, typed by a <see cref="JobType{TArgs, TResult}"/>: the compiler infers the rest.</summary>
    /// <inheritdoc cref="SubmitAsync{TArgs}(string, TArgs, SubmitOptions?, CancellationToken)"/>
    Task<JobHandle<TResult>> SubmitAsync<TArgs, TResult>(
        JobType<TArgs, TResult> type, TArgs args, SubmitOptions? options = null, CancellationToken cancellation = default);

    /// <summary>Hands a job to the grid, typed by its handler's contract: name and result type come from <typeparamref name="TJob"/>.</summary>
    /// <inheritdoc cref="SubmitAsync{TArgs}(string, TArgs, SubmitOptions?, CancellationToken)"/>
    Task<JobHandle<TResult>> SubmitAsync<TJob, TArgs, TResult>(TArgs args, SubmitOptions? options = null, CancellationToken cancellation = default)
        where TJob : IJob<TArgs, TResult>;

    /// <summary>Hands a job without a result to the grid, typed by its handler's contract.</summary>
    /// <inheritdoc cref="SubmitAsync{TArgs}(string, TArgs, SubmitOptions?, CancellationToken)"/>
    Task<JobHandle> SubmitAsync<TJob, TArgs>(TArgs args, SubmitOptions? options = null, CancellationToken cancellation = default)
        where TJob : IJob<TArgs>;

    /// <summary>One job for each of <paramref name="args"/>, in few round trips. One that is refused does not hold up the others: look at each receipt.</summary>
    /// <param name="options">Of all of them; an id is refused.</param>
    /// <returns>In the order of <paramref name="args"/>. New ones have no status, and those of others carry no results.</returns>
    /// <exception cref="JobRejectedException">Arguments cannot be written as JSON; nothing was sent.</exception>
    Task<IReadOnlyList<SubmitReceipt>> SubmitManyAsync<TArgs>(
        string type, IEnumerable<TArgs> args, SubmitOptions? options = null, CancellationToken cancellation = default);

    /// <summary>Many jobs in few round trips. One that is refused does not hold up the others: look at each receipt.</summary>
    /// <returns>In the order of <paramref name="jobs"/>. Their statuses carry no results: ask for those of jobs that were there before, and had ended.</returns>
    Task<IReadOnlyList<SubmitReceipt>> SubmitManyAsync(IReadOnlyList<JobSubmission> jobs, CancellationToken cancellation = default);

    /// <summary>Submits as it stands, without turning what became of it into exceptions: a grid that does not answer is a receipt too.</summary>
    Task<SubmitReceipt> SubmitAsync(JobSubmission job, CancellationToken cancellation = default);

    /// <summary>Hands a flow to the grid. It is a job: to look at, wait for, cancel and run again.</summary>
    /// <param name="options">Those of the flow, not of its jobs: id, tags, retention, when it starts. Its queue and priority are the grid's to choose.</param>
    /// <exception cref="JobRejectedException">It breaks a rule; nothing was stored.</exception>
    /// <inheritdoc cref="SubmitAsync{TArgs}(string, TArgs, SubmitOptions?, CancellationToken)"/>
    Task<JobHandle<TResult>> SubmitFlowAsync<TResult>(FlowGraph flow, SubmitOptions? options = null, CancellationToken cancellation = default);

    /// <summary>A handle for a job that was submitted somewhere else. Asks nothing yet.</summary>
    /// <exception cref="ArgumentException">No job can have this id.</exception>
    JobHandle Get(string id);

    /// <inheritdoc cref="Get(string)"/>
    JobHandle<TResult> Get<TResult>(string id);

    /// <summary>Recurring jobs.</summary>
    IScheduleClient Schedules { get; }

    /// <summary>Rules of keys.</summary>
    IKeyClient Keys { get; }

    /// <summary>Events that are jobs of whoever has bound a type to them.</summary>
    ITopicClient Topics { get; }

    /// <summary>Limits of queues.</summary>
    IQueueLimitClient QueueLimits { get; }

    /// <summary>What the grid has done, minute by minute for two hours and hour by hour for 30 days.</summary>
    /// <exception cref="ArgumentException">The range is too long, or ends before it begins.</exception>
    /// <exception cref="GridUnavailableException"/>
    Task<JobHistory> GetHistoryAsync(HistoryQuery query, CancellationToken cancellation = default);

    /// <exception cref="GridUnavailableException"/>
    Task<JobPage> ListAsync(JobQuery query, CancellationToken cancellation = default);

    /// <summary>
    /// Retries, cancels, removes or runs now many jobs. The action is a job: to watch, wait for and cancel; it goes on over the loss of silos, and does what it does to each job once.
    /// </summary>
    /// <exception cref="JobRejectedException">It breaks a rule; nothing was stored.</exception>
    /// <exception cref="GridUnavailableException">It may or may not have begun.</exception>
    Task<JobHandle<JobActionResult>> ActAsync(JobActionOrder order, CancellationToken cancellation = default);
}

/// <summary>How a job is to be run. What is left null is the handler's or the grid's choice.</summary>
public sealed record SubmitOptions
{
    /// <summary>An id of the caller's choice: a second submit of the same content under it answers the first job.</summary>
    public string? Id { get; init; }
    public string? Queue { get; init; }

    /// <summary>0 to 9; higher first. Default 4.</summary>
    public int? Priority { get; init; }

    /// <summary>Start so long after acceptance.</summary>
    public TimeSpan? Countdown { get; init; }

    /// <summary>Start at this instant.</summary>
    public DateTimeOffset? Eta { get; init; }

    /// <summary>Not started so long after acceptance: it fails as expired and never runs.</summary>
    public TimeSpan? ExpiresAfter { get; init; }

    /// <summary>Not ended so long after acceptance, however often it has run: it fails as past its deadline. The children of a flow have its deadline too.</summary>
    public TimeSpan? DeadlineAfter { get; init; }

    /// <summary>It runs at most so often, the handler's policy deciding when; not together with <see cref="Retry"/>. Null: as the handler says.</summary>
    public int? Attempts { get; init; }

    /// <summary>How often and when it runs again after a failure. Null: as the handler says.</summary>
    public RetryPolicy? Retry { get; init; }

    /// <summary>How long one attempt may run before it is cancelled.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How long the finished job is kept.</summary>
    public TimeSpan? Retention { get; init; }
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Jobs that must end before it starts; at most 100, and all must exist. An id alone means: with success.</summary>
    public IReadOnlyList<JobDependency>? After { get; init; }

    /// <summary>Should one of <see cref="After"/> end otherwise than asked for, it is cancelled. Without this it fails with <c>dependency_failed</c>.</summary>
    public bool CancelIfUnmet { get; init; }

    /// <summary>Who is called when it ends, or while it goes on; at most <see cref="JobLimits.MaxNotify"/>. Needs a grid that is configured to call somebody.</summary>
    public IReadOnlyList<JobNotice>? Notify { get; init; }

    /// <summary>Whose limits, order and turns it goes by, such as <c>tenant/7</c>. Not together with <see cref="Id"/>.</summary>
    public string? Key { get; init; }

    /// <summary>How many turns its key has for one of others, 1 to 1,000, where no rule says it.</summary>
    public int? Weight { get; init; }

    /// <summary>It is to be the only one of its value. Not together with <see cref="Id"/>.</summary>
    public JobUnique? Unique { get; init; }
}
