using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using OrleansJobs.Workers;

namespace OrleansJobs.Flows;

/// <summary>What the code of a flow sees. All but what it says of the flow is for that code alone, on its pump.</summary>
internal sealed partial class RunningFlow(FlowExecution execution) : FlowContext
{
    private readonly Dictionary<string, SignalLine> _signals = [];

    public override string Id => Lease.Id;
    public override string Type => Lease.Type;
    public override string Queue => Lease.Queue;
    public override int Run => Memory.Run;
    public override long Token => Lease.Token;
    public override DateTimeOffset SubmittedAt => Lease.SubmittedAt;
    public override IReadOnlyList<JobTag> Tags => Lease.Tags;

    public override void Report(long current, long total, string? message = null) => execution.Job.Report(current, total, message);

    public override FlowJob<TResult> Job<TResult>(string type, object? args = null, ChildOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(type);
        return new FlowJob<TResult>(type, Write(args), options ?? ChildOptions.Default);
    }

    public override Task<T> StepAsync<T>(string name, Func<Task<T>> run, StepOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        options ??= DefaultStep;
        StepRun.Check(options, execution.Services.Limits);
        if (Claim(name) is not { } claimed) return Never<T>();
        var wait = new StepWait<T>(claimed) { Within = Source };
        if (Memory.Step(claimed) is null)
        {
            execution.Do(() => StepRun.RunAsync(claimed, run, options, execution.Job, execution.Services), outcome =>
            {
                wait.Thrown = outcome.Thrown;
                execution.Pending.Add(outcome.Step);
            }, StepBroke);
        }

        execution.Open(wait);
        return wait.Task;
    }

    public override Task StepAsync(string name, Func<Task> run, StepOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        return StepAsync<object?>(name, async () =>
        {
            await run().ConfigureAwait(false);
            return null;
        }, options);
    }

    public override Task DelayAsync(string name, TimeSpan delay)
    {
        FlowNames.Check(name);
        CheckSpan(delay, nameof(delay));
        if (Claim(name) is not { } claimed) return Never<bool>();
        var wait = new DelayWait(claimed) { Within = Source };
        Remember(claimed, delay);
        execution.Open(wait);
        return wait.Task;
    }

    public override Task<T> SignalAsync<T>(string name, TimeSpan? timeout = null)
    {
        FlowNames.Check(name);
        if (timeout is { } span) CheckSpan(span, nameof(timeout));
        if (!Enter()) return Never<T>();
        if (!_signals.TryGetValue(name, out var line)) line = _signals[name] = new SignalLine(name);
        var wait = new SignalWait<T>(line, timeout is not null) { Within = Source };
        if (timeout is not null) Remember(wait.UntilName, timeout.Value);
        execution.Open(wait);
        return wait.Task;
    }

    public override Task StartAnewAsync<TArgs>(TArgs args)
    {
        var bytes = Write(args);
        if (bytes.Length > execution.Services.Limits.MaxArgsBytes)
            throw new ArgumentException($"Arguments of {bytes.Length} bytes exceed the limit of {execution.Services.Limits.MaxArgsBytes}.", nameof(args));
        if (Enter()) execution.StartAnew(bytes, Memory.UntakenSignals(name => _signals.GetValueOrDefault(name)?.Taken ?? 0));
        return Never<bool>();
    }

    private static readonly StepOptions DefaultStep = new();

    private Lease Lease => execution.Job.Lease;
    private FlowMemory Memory => execution.Memory;
    private static FlowSource? Source => FlowScope.Current as FlowSource;

    private static Task<T> Never<T>() => new TaskCompletionSource<T>().Task;

    /// <summary>Whether the flow's code may go on. Where not, what it called is to give what never ends.</summary>
    /// <exception cref="InvalidOperationException">It was called by a step.</exception>
    private bool Enter([CallerMemberName] string member = "")
    {
        if (FlowScope.Current == FlowScope.Step)
            throw new InvalidOperationException($"{member} was called by a step. A step is code of its own, which is run again as a whole: let it return, and call {member} from the flow.");
        if (!execution.IsCurrent)
        {
            execution.FailFromOutside(new JobError(JobErrorCodes.ForeignAwait, null,
                $"{member} was called by code that does not run as the flow's own, such as after ConfigureAwait(false) or within Task.Run. Put what was awaited before it into a step, and leave ConfigureAwait(false) out."));
            return false;
        }

        if (!execution.IsStopping) return true;
        execution.Open(new EndlessWait());
        return false;
    }

    /// <returns>Null: the flow's code is not to go on.</returns>
    private string? Claim(string name, [CallerMemberName] string member = "")
    {
        FlowNames.Check(name);
        if (!Enter(member)) return null;
        try
        {
            return execution.Names.Claim(name);
        }
        catch (FlowFailedException failed)
        {
            execution.Fail(failed.Error);
            return null;
        }
    }

    /// <inheritdoc cref="Claim"/>
    private string[]? ClaimParts(string claimed, int count)
    {
        try
        {
            return [.. Enumerable.Range(0, count).Select(index => execution.Names.ClaimPart(claimed, index))];
        }
        catch (FlowFailedException failed)
        {
            execution.Fail(failed.Error);
            return null;
        }
    }

    private void StepBroke(Exception exception)
    {
        switch (exception)
        {
            case FlowFailedException failed:
                execution.Fail(failed.Error);
                break;
            case RetryLaterException later:
                execution.PutOff(later);
                break;
            case FlowUnavailableException:
                execution.EndUnheard();
                break;
            case OperationCanceledException when execution.Job.Reason is not StopReason.None:
                // It is not remembered, and not thrown: the attempt stops here, and the next one runs the step again.
                break;
            default:
                execution.Threw(exception);
                break;
        }
    }

    /// <summary>When a time is over is counted from when it is first come to.</summary>
    private void Remember(string name, TimeSpan span)
    {
        if (Memory.Step(name) is not null) return;
        // Rounded up: never early.
        var end = (execution.Services.Time.GetUtcNow() + span).AddTicks(TimeSpan.TicksPerMillisecond - 1).ToUnixTimeMilliseconds();
        execution.Pending.Add(new FlowStep(name, JsonSerializer.SerializeToUtf8Bytes(end), null));
    }

    private void CheckSpan(TimeSpan span, string parameter)
    {
        var most = execution.Services.Limits.MaxDelay;
        if (span < TimeSpan.Zero || span > most)
            throw new ArgumentOutOfRangeException(parameter, span, string.Create(CultureInfo.InvariantCulture, $"A flow waits for zero to {most.TotalDays:0} days."));
    }

    private static byte[] Write<T>(T value)
    {
        try
        {
            return JsonSerializer.SerializeToUtf8Bytes(value, JobJson.Options);
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException or InvalidOperationException)
        {
            throw new ArgumentException($"Arguments of type {value?.GetType().Name} cannot be written as JSON: {exception.Message}", exception);
        }
    }
}
