namespace OrleansJobs;

/// <summary>
/// A job that starts others and waits for them, for time and for signals. While nothing but waits of the flow's own are open it is parked: a row, without a slot,
/// a timer or an attempt. When something arrives the handler runs again from the top, and all that it awaited before is there at once. So code between the
/// awaits runs again and must have no effects of its own: those belong in steps.
/// </summary>
/// <typeparam name="TArgs">Read from the job's JSON arguments.</typeparam>
/// <typeparam name="TResult">Written as the job's JSON result.</typeparam>
public interface IFlow<TArgs, TResult>
{
    /// <param name="args">The arguments.</param>
    /// <param name="flow">What the flow starts and waits for.</param>
    /// <param name="cancellation">Fires on cancel, on timeout, and when the silo must stop. It does not fire when the flow is parked, which is no exception either.</param>
    Task<TResult> RunAsync(TArgs args, FlowContext flow, CancellationToken cancellation);
}

/// <summary>A flow without a result.</summary>
public interface IFlow<TArgs>
{
    /// <inheritdoc cref="IFlow{TArgs, TResult}.RunAsync"/>
    Task RunAsync(TArgs args, FlowContext flow, CancellationToken cancellation);
}
