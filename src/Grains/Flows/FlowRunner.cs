using OrleansJobs.Workers;

namespace OrleansJobs.Flows;

/// <summary>Runs one attempt of a flow, from what is remembered to its end or the next park.</summary>
internal static class FlowRunner
{
    /// <returns>How it ended; without an ending, what its code returned.</returns>
    public static async Task<FlowEnd> RunAsync(RunningJob job, AttemptServices services)
    {
        IFlowInstance? instance = null;
        var execution = new FlowExecution(job, services, started =>
        {
            object? args;
            try
            {
                args = job.Handler.ReadArgs(started.Memory.Args ?? job.Lease.Args);
            }
            catch (Exception exception)
            {
                started.Fail(AttemptRules.BadArgs(exception, services.Limits));
                return NotCalled;
            }

            instance = ((IFlowHandler)job.Handler).Open(services.Provider);
            return instance.RunAsync(args, new RunningFlow(started), job.Cancellation);
        });

        var end = await execution.RunAsync().ConfigureAwait(false);
        if (instance is not null)
        {
            try
            {
                await instance.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                // As with any handler, what its disposal throws is its failure; but what the flow has failed with goes before.
                if (end is { Exception: null } and not { Ending.Kind: ReportKind.Failed }) end = new FlowEnd(null, null, exception);
            }
        }

        return execution.Settle(end);
    }

    /// <summary>What the code of a flow threw, as an ending. What is remembered would be thrown again: no attempt would end otherwise.</summary>
    public static AttemptEnding? OfRemembered(Exception exception, StopReason stop, JobLimits limits) =>
        exception is StepFailedException or ChildFailedException && stop is not StopReason.Cancel
            ? AttemptEnding.Failed(AttemptRules.ErrorOf(exception, JobErrorCodes.Error, limits))
            : null;

    private static readonly Task<object?> NotCalled = new TaskCompletionSource<object?>().Task;
}
