namespace OrleansJobs.Faults.Histories;

/// <summary>What a flow's code, or a child of one, wrote to the sink, and had synced before it went on.</summary>
/// <param name="Name">What the flow calls the step, the group, the child or the signal.</param>
/// <param name="Index">A child's place in its group; -1 for all else.</param>
/// <param name="Job">Of a child, its id; otherwise empty.</param>
/// <param name="Value">What a step is about to return, or what the flow was given. Without tabs.</param>
/// <param name="At"><see cref="Monotonic"/> nanoseconds.</param>
/// <param name="Silo">As in <see cref="RunMark"/>.</param>
internal readonly record struct FlowMark(FlowMarkKind Kind, string Flow, string Name, int Index, string Job, long Token, string Value, long At, string Silo);

internal enum FlowMarkKind : byte
{
    /// <summary>The body of a step has run, and is about to return.</summary>
    Ran,

    /// <summary>The flow's code went on behind an await, and was given this.</summary>
    Given,

    /// <summary>A child runs.</summary>
    Child,
}

/// <summary>What a flow of the driver's is to do: so many steps, each with children that are joined and one more behind the join; and then to take signals.</summary>
internal sealed record FlowPlan(string Id, int Steps, int Fan, IReadOnlyList<string> Signals)
{
    /// <summary>How it must end; what it gives counts only where that is success.</summary>
    public ExpectedEnd Expected { get; init; } = ExpectedEnd.Success;

    public static string Step(int number) => $"step-{number}";

    public static string Group(int number) => $"fan-{number}";

    public static string Sum(int number) => $"sum-{number}";

    public static string Next(int number) => $"next-{number}";

    public static string Signal(int number) => $"signal-{number}";

    /// <summary>What the children of one group give together: each its place, from 1.</summary>
    public long SumOfGroup => (long)Fan * (Fan + 1) / 2;

    public bool HasChild(string name, int index) => Steps > 0 && (index < 0
        ? Enumerable.Range(1, Steps).Any(number => Next(number) == name)
        : index < Fan && Enumerable.Range(1, Steps).Any(number => Group(number) == name));
}

/// <summary>What a flow was answered to have come to.</summary>
/// <param name="Values">Of its steps, in order.</param>
/// <param name="Taken">The signals it has taken, in order.</param>
internal sealed record FlowEnd(IReadOnlyList<string> Values, long Sum, IReadOnlyList<string> Taken);
