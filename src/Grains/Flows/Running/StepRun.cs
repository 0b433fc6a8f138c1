using System.Text.Json;
using OrleansJobs.Workers;

namespace OrleansJobs.Flows;

/// <summary>Runs the code of a step, as often as its options say.</summary>
internal static class StepRun
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    /// <exception cref="ArgumentOutOfRangeException">The options are out of bounds.</exception>
    public static void Check(StepOptions options, JobLimits limits)
    {
        if (options.Attempts < 1 || options.Attempts > limits.MaxAttempts)
            throw new ArgumentOutOfRangeException(nameof(options), options.Attempts, $"A step has 1 to {limits.MaxAttempts} attempts.");
        if (options.Delay < TimeSpan.Zero || options.Delay > LongestDelay)
            throw new ArgumentOutOfRangeException(nameof(options), options.Delay, $"The delay between a step's attempts is zero to {LongestDelay.TotalSeconds:0} seconds.");
    }

    /// <exception cref="FlowFailedException">What it returned cannot be remembered.</exception>
    /// <exception cref="RetryLaterException">The step wants the flow to be run again later.</exception>
    /// <exception cref="FlowUnavailableException">Results that the step reads are not to be had for now, which is no failure of its own.</exception>
    /// <exception cref="OperationCanceledException">The attempt was stopped.</exception>
    public static async Task<StepOutcome> RunAsync<T>(string name, Func<Task<T>> run, StepOptions options, RunningJob job, AttemptServices services)
    {
        FlowScope.Current = FlowScope.Step;
        var delay = options.Delay;
        for (var attempt = 1; ; attempt++)
        {
            T value;
            job.NoteNews();
            try
            {
                value = await run().ConfigureAwait(false);
                job.NoteNews();
            }
            catch (Exception exception) when (exception is RetryLaterException or FlowFailedException or FlowUnavailableException)
            {
                throw;
            }
            catch (Exception exception) when (job.Reason is not StopReason.None && AttemptRules.IsCancellation(exception))
            {
                throw new OperationCanceledException("The attempt was stopped.", exception, job.Cancellation);
            }
            catch (Exception exception)
            {
                if (attempt >= options.Attempts || exception is GiveUpException)
                    return new StepOutcome(new FlowStep(name, null, AttemptRules.ErrorOf(exception, JobErrorCodes.Error, services.Limits)), exception);
                await Task.Delay(delay, services.Time, job.Cancellation).ConfigureAwait(false);
                delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
                continue;
            }

            return new StepOutcome(new FlowStep(name, Write(name, value, services.Limits), null), null);
        }
    }

    private static byte[] Write<T>(string name, T value, JobLimits limits)
    {
        try
        {
            return ResultWriter.Write(value, static (writer, state) => JsonSerializer.Serialize(writer, state, JobJson.Options), limits.MaxResultBytes);
        }
        catch (ResultTooLargeException exception)
        {
            throw new FlowFailedException(new JobError(JobErrorCodes.ResultTooLarge, null, $"What step '{name}' returned is too large. {exception.Message}"));
        }
        catch (Exception exception)
        {
            var error = AttemptRules.ErrorOf(exception, JobErrorCodes.BadResult, limits);
            throw new FlowFailedException(error with { Message = $"What step '{name}' returned cannot be written as JSON: {error.Message}" });
        }
    }
}

/// <param name="Thrown">What was thrown, where something was.</param>
internal readonly record struct StepOutcome(FlowStep Step, Exception? Thrown);
