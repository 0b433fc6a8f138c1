using Orleans.Runtime;
using Orleans.Serialization;

namespace OrleansJobs;

/// <summary>Which failures say nothing of the question, only that its answer was lost: asking again may mend them.</summary>
internal static class TransientFailure
{
    /// <summary>
    /// What Orleans throws when a silo is lost, an activation has moved or could not start, or a call has run into its time limit. An exception
    /// type that this process does not have, such as the store's, arrives as <see cref="UnavailableExceptionFallbackException"/>. A cancellation
    /// that is not the caller's is that of an activation which did not come to life in time.
    /// </summary>
    public static bool Is(Exception exception, CancellationToken callers) => exception
        is OrleansException and not GrainReferenceNotBoundException
        or TimeoutException
        or EnumerationAbortedException
        or UnavailableExceptionFallbackException
        or GridUnavailableException
        || (exception is OperationCanceledException && !callers.IsCancellationRequested);
}
