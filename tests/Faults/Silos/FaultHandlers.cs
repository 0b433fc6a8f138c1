using System.Collections.Concurrent;
using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Processes;
using OrleansJobs.Faults.Sinks;
using OrleansJobs.Hosting;

namespace OrleansJobs.Faults.Silos;

internal sealed record MillisecondsArgs(int Ms = 0);

internal sealed record FlakyArgs(int Failures, int Ms = 0);

internal sealed record StepsArgs(int Steps, int StepMs = 20);

/// <param name="Token">The token of the attempt that returned it, so that a reader can tell whose result it was given.</param>
internal sealed record RunResult(string Id, long Token, int Attempt)
{
    /// <summary>The checkpoint that it went on from; 0: from the beginning.</summary>
    public int From { get; init; }
}

internal sealed class CyclicResult
{
    public CyclicResult Self => this;
}

/// <summary>Handlers that write to the sink as they start and end, and between that do what good handlers and bad ones do.</summary>
internal static class FaultHandlers
{
    private const int HugeBytes = 50 << 20;
    private const int LeakBytes = 1 << 20;
    private static readonly ConcurrentBag<byte[]> Leaked = [];
    private static readonly TimeSpan HardTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan SoftTimeout = TimeSpan.FromSeconds(1);

    public static void Add(JobGridBuilder jobs, SinkWriter sink, bool withNewType)
    {
        AddGood(jobs, sink);
        AddBad(jobs, sink);
        FaultFlows.Add(jobs, sink);
        if (withNewType) jobs.AddJob<MillisecondsArgs, RunResult>("new-type", (args, job, cancellation) => RunAsync(sink, job, () => SleepAsync(args, cancellation)));
    }

    private static void AddGood(JobGridBuilder jobs, SinkWriter sink)
    {
        jobs.AddJob<MillisecondsArgs, RunResult>("quick", (_, job, _) => RunAsync(sink, job, () => Task.CompletedTask));
        jobs.AddJob<MillisecondsArgs, RunResult>("sleep", (args, job, cancellation) => RunAsync(sink, job, () => SleepAsync(args, cancellation)));
        jobs.AddJob<StepsArgs, RunResult>("steps", (args, job, cancellation) => RunAsync(sink, job, async () =>
        {
            for (var step = 1; step <= args.Steps; step++)
            {
                job.Report(step, args.Steps, $"Step {step}");
                await Task.Delay(TimeSpan.FromMilliseconds(args.StepMs), TimeProvider.System, cancellation);
            }
        }));
        jobs.AddJob<FlakyArgs, RunResult>("flaky", (args, job, cancellation) => RunAsync(sink, job, async () =>
        {
            await SleepAsync(new MillisecondsArgs(args.Ms), cancellation);
            if (job.Attempt <= args.Failures) throw new InvalidOperationException($"Attempt {job.Attempt} of {args.Failures} that fail.");
        }));
        jobs.AddJob<MillisecondsArgs, RunResult>("fail", (args, job, cancellation) => RunAsync(sink, job, async () =>
        {
            await SleepAsync(args, cancellation);
            throw new InvalidOperationException("It always does.");
        }));
        jobs.AddJob<StepsArgs, RunResult>("checkpointed", async (args, job, cancellation) =>
        {
            var from = job.Checkpoint<int>();
            var result = await RunAsync(sink, job, async () =>
            {
                for (var step = from + 1; step <= args.Steps; step++)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(args.StepMs), TimeProvider.System, cancellation);
                    await job.SaveCheckpointAsync(step, cancellation);
                }
            });
            return result with { From = from };
        });
    }

    private static void AddBad(JobGridBuilder jobs, SinkWriter sink)
    {
        // As a handler that runs out of memory or fails fast in native code does.
        jobs.AddJob<MillisecondsArgs, RunResult>("exit", (args, job, cancellation) => RunAsync(sink, job, async () =>
        {
            await SleepAsync(args, cancellation);
            Signals.Send(Environment.ProcessId, Signal.Kill);
        }));
        jobs.AddJob<MillisecondsArgs, RunResult>("spin", (args, job, _) => RunAsync(sink, job, () =>
        {
            var until = Monotonic.Now + Monotonic.Of(TimeSpan.FromMilliseconds(args.Ms));
            while (Monotonic.Now < until)
            {
            }

            return Task.CompletedTask;
        }));
        jobs.AddJob<MillisecondsArgs, RunResult>("block-threads", (args, job, _) => RunAsync(sink, job, () =>
        {
            using var never = new ManualResetEventSlim();
            never.Wait(args.Ms);
            return Task.CompletedTask;
        }));
        jobs.AddJob<MillisecondsArgs, RunResult>("ignore-cancel", (args, job, _) => RunAsync(sink, job, () => SleepAsync(args, CancellationToken.None)), options =>
        {
            options.Timeout = SoftTimeout;
            options.HardTimeout = HardTimeout;
        });
        jobs.AddJob<MillisecondsArgs, RunResult>("leak", (_, job, _) => RunAsync(sink, job, () =>
        {
            Leaked.Add(GC.AllocateUninitializedArray<byte>(LeakBytes));
            return Task.CompletedTask;
        }));
        jobs.AddJob<MillisecondsArgs, RunResult>("bad-message", (_, job, _) => RunAsync(sink, job, () => throw new UnspeakableException()));
        jobs.AddJob<MillisecondsArgs, string>("huge-result", async (_, job, _) =>
        {
            await RunAsync(sink, job, () => Task.CompletedTask);
            return new string('x', HugeBytes);
        });
        jobs.AddJob<MillisecondsArgs, CyclicResult>("cyclic-result", async (_, job, _) =>
        {
            await RunAsync(sink, job, () => Task.CompletedTask);
            return new CyclicResult();
        });
    }

    private static Task SleepAsync(MillisecondsArgs args, CancellationToken cancellation) =>
        Task.Delay(TimeSpan.FromMilliseconds(args.Ms), TimeProvider.System, cancellation);

    public static async Task<RunResult> RunAsync(SinkWriter sink, JobContext job, Func<Task> work)
    {
        await sink.MarkAsync(job.Id, job.Attempt, job.Token, RunMarkKind.Started);
        try
        {
            await work();
        }
        catch (Exception exception)
        {
            await sink.MarkAsync(job.Id, job.Attempt, job.Token, exception is OperationCanceledException ? RunMarkKind.Cancelled : RunMarkKind.Threw);
            throw;
        }

        await sink.MarkAsync(job.Id, job.Attempt, job.Token, RunMarkKind.Returned);
        return new RunResult(job.Id, job.Token, job.Attempt);
    }

    /// <summary>An exception that cannot be asked what happened.</summary>
    private sealed class UnspeakableException : Exception
    {
        public override string Message => throw new InvalidOperationException("There is no message.");

        public override string ToString() => Message;
    }
}
