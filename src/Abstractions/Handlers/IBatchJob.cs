namespace OrleansJobs;

/// <summary>
/// A handler that runs several jobs of its type in one attempt: those of one key that wait, or of one queue where they have none. One instance is made per attempt, in a
/// scope of its own, and takes one slot. See docs/KEYS.md.
/// </summary>
/// <typeparam name="TArgs">Read from each job's JSON arguments.</typeparam>
public interface IBatchJob<TArgs>
{
    /// <summary>
    /// Runs them. When it returns, all have succeeded but those of which something else was said with their items; when it throws, that is the failure of all of which nothing was said. One that
    /// was asked to stop has succeeded only where that was said.
    /// </summary>
    /// <param name="items">One for each job, in the order in which they waited.</param>
    /// <param name="cancellation">Fires when all of which nothing was said are to stop: on timeout, and when the silo must stop. <see cref="BatchItem.Cancellation"/> is that of a single one.</param>
    Task RunAsync(IReadOnlyList<BatchItem<TArgs>> items, CancellationToken cancellation);
}

/// <summary>The same with a result for each job.</summary>
/// <typeparam name="TArgs">Read from each job's JSON arguments.</typeparam>
/// <typeparam name="TResult">Written as each job's JSON result.</typeparam>
public interface IBatchJob<TArgs, TResult>
{
    /// <summary>Runs them. When it returns, those of which nothing was said have failed with <c>bad_result</c>.</summary>
    /// <inheritdoc cref="IBatchJob{TArgs}.RunAsync"/>
    Task RunAsync(IReadOnlyList<BatchItem<TArgs, TResult>> items, CancellationToken cancellation);
}
