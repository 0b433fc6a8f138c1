namespace OrleansJobs;

/// <summary>What holds for the jobs of a key, or of each key of a prefix.</summary>
[GenerateSerializer, Immutable, Alias("oj.keyRule")]
public sealed record KeyRule
{
    public const int MaxConcurrency = 1_000_000;

    /// <summary>Attempts at a time; null: any number.</summary>
    [Id(0)] public int? Concurrency { get; init; }

    /// <summary>Attempts that start per period; null: any number.</summary>
    [Id(1)] public KeyRate? Rate { get; init; }
    [Id(2)] public KeyOrder Order { get; init; }

    /// <summary>How many turns a key of this rule has for one of the others, 1 to 1,000; null: what its jobs say, or 1.</summary>
    [Id(3)] public int? Weight { get; init; }

    /// <summary>What is wrong with it; nothing where it may be put.</summary>
    public SubmissionProblem[] Check()
    {
        var problems = new List<SubmissionProblem>();
        if (Concurrency is < 1 or > MaxConcurrency) problems.Add(new("/concurrency", $"A concurrency is 1 to {MaxConcurrency}; pause the key where none is to start."));
        if (Weight is < 1 or > JobKeys.MaxWeight) problems.Add(new("/weight", $"A weight is 1 to {JobKeys.MaxWeight}."));
        if (Order > KeyOrder.FifoStart) problems.Add(new("/order", "It must be any, fifo or fifo-start."));
        if (Rate is { } rate)
        {
            if (rate.Limit is < 1 or > KeyRate.MaxLimit) problems.Add(new("/rate/limit", $"A limit is 1 to {KeyRate.MaxLimit}."));
            if (rate.Per < 1 || rate.Per > KeyRate.MaxPer) problems.Add(new("/rate/per", $"A period is 0.001 to {KeyRate.MaxPer / 1000} seconds."));
            if (rate.Burst is < 1 or > KeyRate.MaxLimit) problems.Add(new("/rate/burst", $"A burst is 1 to {KeyRate.MaxLimit}."));
        }

        return [.. problems];
    }
}

/// <summary>A rate: in any window of time start at most <paramref name="Burst"/> and <paramref name="Limit"/> for each period that the window holds.</summary>
/// <param name="Per">The period in milliseconds.</param>
/// <param name="Burst">How many may start at once, after a time without any.</param>
/// <param name="Rejects">A submit that comes too soon is refused; otherwise it is taken, and its job waits.</param>
[GenerateSerializer, Immutable, Alias("oj.keyRate")]
public sealed record KeyRate([property: Id(0)] int Limit, [property: Id(1)] long Per, [property: Id(2)] int Burst = 1, [property: Id(3)] bool Rejects = false)
{
    public const int MaxLimit = 1_000_000;
    public const long MaxPer = 31L * 24 * 3600 * 1000;
}

/// <summary>In which order the jobs of a key start.</summary>
[GenerateSerializer, Alias("oj.keyOrder")]
public enum KeyOrder : byte
{
    /// <summary>By priority, then by when they are due.</summary>
    Any = 0,

    /// <summary>In the order of their submits, whatever their type, queue or priority. One that has failed and is to run again keeps its place: none behind it starts before it does.</summary>
    Fifo = 1,

    /// <summary>They start for the first time in the order of their submits. One that is to run again later lets others pass.</summary>
    FifoStart = 2,
}

/// <summary>Words on the wire.</summary>
internal static class KeyWords
{
    public static readonly string[] Orders = ["any", "fifo", "fifo-start"];
    public static readonly string[] RateOn = ["wait", "reject"];
    public static readonly string[] Ranks = ["busy", "waiting", "held"];
}
