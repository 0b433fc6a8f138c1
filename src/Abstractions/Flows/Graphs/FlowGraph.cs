using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansJobs;

/// <summary>
/// A flow as data: jobs, which of them follow which, and what they hand on. <see cref="Flow"/> makes them in code; <c>POST /flows</c> takes the same as JSON.
/// </summary>
[JsonConverter(typeof(FlowGraphConverter))]
public sealed record FlowGraph
{
    /// <summary>The job type that runs graphs. Every silo has it, and nobody else may use its name.</summary>
    public const string JobType = JobIds.DerivedPrefix + "flow";

    /// <summary>Where they run. It cannot be paused.</summary>
    public const string RunQueue = JobIds.DerivedPrefix + "flows";
    public const int MaxJobs = 1000;

    /// <summary>Graphs go before what waits for the same slot: they only start what follows, and take no time.</summary>
    public const int RunPriority = JobLimits.MaxPriority;

    /// <summary>1 to <see cref="MaxJobs"/>.</summary>
    public required IReadOnlyList<GraphJob> Jobs { get; init; }

    /// <summary>The flow's result, in which references are filled in; null: it has none. A reference to the result of a job that has not succeeded fails the flow.</summary>
    public JsonElement? Result { get; init; }
    public GraphFailure OnFailure { get; init; }
}

/// <summary>What becomes of a flow when one of its jobs fails that no other waits for with <c>end</c> or <c>failure</c>.</summary>
public enum GraphFailure : byte
{
    /// <summary>The flow fails, and what runs of it is cancelled.</summary>
    Cancel = 0,

    /// <summary>What can still run does; the flow fails only if its result needs what failed.</summary>
    Continue = 1,
}

/// <summary>A job of a graph.</summary>
public sealed record GraphJob
{
    public const int MaxNameLength = 128;

    /// <summary>1 to 128 of <c>A-Z a-z 0-9 _ -</c>, and not <c>each</c>.</summary>
    public required string Name { get; init; }
    public required string Type { get; init; }

    /// <summary>The arguments, in which references are filled in; null: an empty object.</summary>
    public JsonElement? Args { get; init; }

    /// <summary>Jobs that must end first. A job whose result is referred to, and that is not among them, must succeed first.</summary>
    public IReadOnlyList<GraphEdge> After { get; init; } = [];

    /// <summary>An array, or a reference to one: the job runs once for each element. Null: it runs once.</summary>
    public JsonElement? Each { get; init; }

    /// <summary>Null: as the type says.</summary>
    public string? Queue { get; init; }

    /// <inheritdoc cref="Queue"/>
    public int? Priority { get; init; }

    /// <inheritdoc cref="Queue"/>
    public int? Attempts { get; init; }

    /// <inheritdoc cref="Queue"/>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Start so long after what it follows has ended.</summary>
    public TimeSpan? Countdown { get; init; }
    public IReadOnlyList<JobTag> Tags { get; init; } = [];

    /// <summary>Its share of the flow's progress.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>
    /// Whose limits, order and turns it goes by: a key, or one that is made of the job's own arguments once references are filled in, such as
    /// <c>tenant/{tenantId}</c>. Null: as the type says.
    /// </summary>
    public string? Key { get; init; }

    /// <summary>How many turns its key has for one of others, 1 to 1,000, where no rule says it.</summary>
    public int? KeyWeight { get; init; }
}

/// <summary>Another job of the graph that must end first.</summary>
/// <param name="Job">Its name.</param>
/// <param name="On">How it must end.</param>
public readonly record struct GraphEdge(string Job, DependencyOn On = DependencyOn.Success)
{
    /// <summary>The job of this name must succeed.</summary>
    public static implicit operator GraphEdge(string job) => new(job);

    public static GraphEdge FromString(string job) => new(job);
}
