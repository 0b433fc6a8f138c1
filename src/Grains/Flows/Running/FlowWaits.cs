using System.Globalization;
using System.Text.Json;

namespace OrleansJobs.Flows;

/// <summary>
/// Something that the flow's code awaits. What has ended it, if anything has, is a matter of the memory alone. It either has a place there, and ends in the order of
/// places; or it is due by what has none, such as the time: then a mark gives it one, unless it is all that is waited for.
/// </summary>
internal abstract class FlowWait(string name)
{
    public string Name { get; } = name;

    /// <summary>The stream of items whose code waits for it, which is therefore not at work.</summary>
    public FlowSource? Within { get; init; }

    /// <summary>Its place among those that are open; null: it is none of them.</summary>
    public int? OpenAs { get; set; }

    /// <summary>Its name is in use until it ends.</summary>
    public virtual bool HoldsName => true;

    /// <summary>What is remembered to give it a place; null: it needs none.</summary>
    public virtual string? Mark => null;

    /// <summary>It ends by its place only.</summary>
    public virtual bool AlwaysMarks => false;

    /// <summary>Its mark is on its way.</summary>
    public bool IsMarked { get; set; }

    /// <summary>It can be due.</summary>
    public virtual bool HasDue => false;

    /// <summary>When its waiting ends by itself.</summary>
    public virtual DateTimeOffset? Until(FlowMemory memory) => null;

    /// <summary>The place of what has ended it; null: nothing has. Never changes once it is there, since what comes later has later places.</summary>
    public abstract long? Place(FlowMemory memory);

    public virtual bool IsDue(FlowMemory memory, DateTimeOffset now) => false;

    /// <summary>Lets the flow's code go on.</summary>
    /// <exception cref="FlowFailedException">What is remembered does not fit.</exception>
    public abstract void Complete(FlowMemory memory);

    /// <summary>Says what is waited for.</summary>
    public virtual void Describe(FlowParkBuilder park, FlowMemory memory)
    {
    }

    /// <summary>Reads what is remembered under a name.</summary>
    /// <exception cref="FlowFailedException">It does not fit.</exception>
    public static T Read<T>(string name, byte[]? value)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(value ?? "null"u8.ToArray(), JobJson.Options)!;
        }
        catch (Exception exception)
        {
            // A constructor that takes the values may throw what it likes.
            var where = exception is JsonException { Path: { } path } ? $" at {path}" : "";
            throw new FlowFailedException(new JobError(JobErrorCodes.DoesNotFit, null, $"What is remembered as '{name}' does not fit what the flow expects there{where}."));
        }
    }

    /// <summary>The same; false where it does not fit, which <see cref="Read"/> says in words.</summary>
    public static bool TryRead<T>(byte[]? value, out T read)
    {
        try
        {
            read = JsonSerializer.Deserialize<T>(value is null ? "null"u8 : value.AsSpan(), JobJson.Options)!;
            return true;
        }
        catch (Exception)
        {
            read = default!;
            return false;
        }
    }

    protected static long? Earlier(long? one, long? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);
}

/// <summary>A wait that gives something.</summary>
internal abstract class FlowWait<T>(string name) : FlowWait(name)
{
    private readonly TaskCompletionSource<T> _done = new();

    public Task<T> Task => _done.Task;

    public override void Complete(FlowMemory memory) => Complete(static (wait, memory) => wait.Give(memory), memory);

    /// <summary>What it gives; what it throws is for the flow's code.</summary>
    protected abstract T Give(FlowMemory memory);

    protected void Complete(Func<T> give) => Complete(static (_, give) => give(), give);

    private void Complete<TFrom>(Func<FlowWait<T>, TFrom, T> give, TFrom from)
    {
        T given;
        try
        {
            given = give(this, from);
        }
        catch (Exception exception) when (exception is not FlowFailedException)
        {
            _done.TrySetException(exception);
            return;
        }

        _done.TrySetResult(given);
    }
}

/// <summary>For a step. It ends once what it gave is stored, in the first run as in any other.</summary>
internal sealed class StepWait<T>(string name) : FlowWait<T>(name)
{
    /// <summary>What was thrown, where it was thrown in this attempt.</summary>
    public Exception? Thrown { get; set; }

    public override long? Place(FlowMemory memory) => memory.Step(Name)?.Sequence;

    protected override T Give(FlowMemory memory)
    {
        var step = memory.Step(Name)!;
        return step.Error is { } error ? throw new StepFailedException(Name, error, Thrown) : Read<T>(Name, step.Value);
    }
}

/// <summary>For a child that has a name of its own.</summary>
internal sealed class ChildWait<T>(string name, ChildFailure failure, FlowExecution execution) : FlowWait<T>(name)
{
    public override long? Place(FlowMemory memory) => memory.Child(Name)?.Sequence;

    public override void Describe(FlowParkBuilder park, FlowMemory memory) => park.Children.Add(Name);

    public override void Complete(FlowMemory memory)
    {
        if (memory.Child(Name) is not { IsValueElsewhere: true, Job: { } id } ended)
        {
            base.Complete(memory);
            return;
        }

        execution.Fetch(
            () => execution.Results.GetAsync(id, memory.Partitions),
            status => execution.OrFail(() => Complete(() => ChildResults.ValueOf<T>(Name, ended.Job!, status, failure))),
            exception => Complete(() => throw exception));
    }

    protected override T Give(FlowMemory memory)
    {
        var ended = memory.Child(Name)!;
        return ChildResults.ValueOf<T>(Name, ended.Job ?? "", ended.State, ended.Value, ended.Error, failure);
    }
}

/// <summary>For all children of a group, or the first of them that fails.</summary>
internal sealed class GroupWait(string name, int total, bool ignoresFailures) : FlowWait<FlowEvent?>(name)
{
    public override string Mark => FlowNames.Done(Name);

    public override bool HasDue => true;

    public override long? Place(FlowMemory memory) => Earlier(memory.Step(Mark)?.Sequence, FirstFailure(memory)?.Sequence);

    public override bool IsDue(FlowMemory memory, DateTimeOffset now) => memory.Group(Name) is { } group && group.Succeeded + group.Failed >= total;

    public override void Describe(FlowParkBuilder park, FlowMemory memory) => park.Groups.Add(new FlowGroupWait(Name, total, ignoresFailures));

    protected override FlowEvent? Give(FlowMemory memory) =>
        FirstFailure(memory) is { } failure && !(memory.Step(Mark)?.Sequence < failure.Sequence) ? failure : null;

    private FlowEvent? FirstFailure(FlowMemory memory) => !ignoresFailures && memory.Failures(Name) is [var first, ..] ? first : null;
}

/// <summary>For so many children of a group to have ended, one way or another.</summary>
internal sealed class GroupProgressWait(string name, int ended) : FlowWait<int>(name)
{
    public override bool HoldsName => false;

    public override bool HasDue => true;

    public override long? Place(FlowMemory memory) => null;

    public override bool IsDue(FlowMemory memory, DateTimeOffset now) => Ended(memory) >= ended;

    public override void Describe(FlowParkBuilder park, FlowMemory memory) => park.Groups.Add(new FlowGroupWait(Name, ended, IgnoresFailures: true));

    protected override int Give(FlowMemory memory) => Ended(memory);

    private int Ended(FlowMemory memory) => memory.Group(Name) is { } group ? group.Succeeded + group.Failed : 0;
}

/// <summary>For a time, which is remembered when it is first come to.</summary>
internal sealed class DelayWait(string name) : FlowWait<bool>(name)
{
    public override string Mark => FlowNames.Due(Name);

    public override bool HasDue => true;

    public override long? Place(FlowMemory memory) => memory.Step(Mark)?.Sequence;

    public override DateTimeOffset? Until(FlowMemory memory) =>
        memory.Step(Name) is { } step ? DateTimeOffset.FromUnixTimeMilliseconds(Read<long>(Name, step.Value)) : null;

    public override bool IsDue(FlowMemory memory, DateTimeOffset now) => now >= Until(memory);

    public override void Describe(FlowParkBuilder park, FlowMemory memory) => park.Wait(Until(memory));

    protected override bool Give(FlowMemory memory) => true;
}

/// <summary>For nothing: the flow is to stop, and its code is not to go on.</summary>
internal sealed class EndlessWait() : FlowWait("")
{
    public override bool HoldsName => false;

    public override long? Place(FlowMemory memory) => null;

    public override void Complete(FlowMemory memory)
    {
    }
}

/// <summary>Gathers what a parked flow waits for.</summary>
internal sealed class FlowParkBuilder
{
    private long? _until;

    public List<string> Children { get; } = [];
    public List<FlowGroupWait> Groups { get; } = [];
    public HashSet<string> Signals { get; } = [];

    public void Wait(DateTimeOffset? until)
    {
        if (until?.ToUnixTimeMilliseconds() is { } at) _until = Math.Min(_until ?? long.MaxValue, at);
    }

    public FlowPark Build(long seen) => new() { Seen = seen, Children = [.. Children], Groups = [.. Groups], Signals = [.. Signals], Until = _until };
}
