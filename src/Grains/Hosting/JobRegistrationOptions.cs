namespace OrleansJobs.Hosting;

/// <summary>How one registered handler's jobs are run, where a submit does not say otherwise.</summary>
public sealed class JobRegistrationOptions
{
    private readonly List<Type> _final = [];

    /// <summary>Where its jobs go when the submitter names no queue.</summary>
    /// <value>Default <c>default</c>, or what <see cref="JobAttribute.Queue"/> says.</value>
    public string Queue { get; set; } = JobLimits.DefaultQueue;

    /// <summary>How often and when a failed job runs again. Null: the grid's policy.</summary>
    public RetryPolicy? Retry { get; set; }

    /// <summary>How often a failed job runs at most, the grid's policy deciding on all else. Null: the grid's number. <see cref="Retry"/> goes before it.</summary>
    /// <value>1 to <see cref="JobLimits.MaxAttempts"/>.</value>
    public int? Attempts { get; set; }

    /// <summary>How long one attempt may run before it is cancelled; a timed-out attempt is a failed one, and is retried by policy. Null: no limit.</summary>
    /// <value>More than zero and at most <see cref="JobLimits.MaxTimeout"/>.</value>
    public TimeSpan? Timeout { get; set; }

    /// <summary>
    /// How long after its start an attempt ends whether or not its handler has returned: the job fails with <c>timeout</c> and is not run
    /// again, because the old run is still there. Null: the cancel grace after the timeout.
    /// </summary>
    /// <value>More than zero, and not below <see cref="Timeout"/>.</value>
    public TimeSpan? HardTimeout { get; set; }

    /// <summary>
    /// How long an attempt may say nothing new (other progress, a checkpoint, a log line, a step) before it is cancelled; it then counts as failed with <c>stalled</c>, and is retried by policy.
    /// Null: for ever.
    /// </summary>
    /// <value>More than zero and at most <see cref="JobLimits.MaxTimeout"/>. Default what <see cref="JobAttribute.StalledAfterSeconds"/> says.</value>
    public TimeSpan? StalledAfter { get; set; }

    /// <summary>What the key of its jobs is made of where a submit names none, such as <c>tenant/{tenantId}</c>. Null: they have none.</summary>
    /// <value>Default what <see cref="JobAttribute.Key"/> says.</value>
    public string? Key { get; set; }

    /// <summary>How many turns a key of its jobs has for one of others, where neither a rule nor the submit says it. Null: one.</summary>
    /// <value>1 to <see cref="JobKeys.MaxWeight"/>.</value>
    public int? Weight { get; set; }

    /// <summary>Of a handler that runs batches: how many jobs go into one attempt at most. Null: <see cref="JobAttribute.Batch"/>, or 100.</summary>
    /// <value>1 to 1,000.</value>
    public int? Batch { get; set; }

    /// <summary>Of a handler that runs batches: how long the first job waits for others where fewer are there. What waits takes no slot.</summary>
    /// <value>Default what <see cref="JobAttribute.BatchSeconds"/> says, or zero; at most an hour.</value>
    public TimeSpan BatchWait { get; set; }

    /// <summary>What its attempts log is kept with their jobs, as far as <see cref="Logs.LogOptions"/> says.</summary>
    /// <value>Default what <see cref="JobAttribute.Logs"/> says: true.</value>
    public bool Logs { get; set; } = true;

    /// <summary>In a sentence, for people who look at the list of job types.</summary>
    public string? Description { get; set; }

    /// <summary>Exceptions that end the job at once, whatever attempts are left. Derived types count too.</summary>
    public IReadOnlyList<Type> FinalExceptions => _final;

    /// <summary>A failure by <typeparamref name="TException"/>, or a type derived from it, is final.</summary>
    public JobRegistrationOptions Final<TException>() where TException : Exception
    {
        _final.Add(typeof(TException));
        return this;
    }
}
