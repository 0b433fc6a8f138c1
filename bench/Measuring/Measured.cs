namespace OrleansJobs.Bench.Measuring;

/// <summary>Which way is better.</summary>
internal enum Better
{
    Higher,
    Lower,
}

/// <summary>What is measured, and in what.</summary>
internal readonly record struct Figure(string Name, string Unit, Better Better);

/// <summary>The figures of one repetition by one contender, the one that the question is about first.</summary>
internal sealed class Measured
{
    private readonly List<KeyValuePair<Figure, double>> _values = [];

    public IReadOnlyList<KeyValuePair<Figure, double>> Values => _values;

    /// <summary>Is told of each figure as it comes: a question that takes an hour is not to lose those it has when it breaks off.</summary>
    public Action<Figure, double>? Told { get; init; }

    /// <summary>Per second, or anything else of which more is better.</summary>
    public Measured High(string name, string unit, double value) => Add(new(name, unit, Better.Higher), value);

    /// <summary>Milliseconds, bytes, or anything else of which less is better.</summary>
    public Measured Low(string name, string unit, double value) => Add(new(name, unit, Better.Lower), value);

    /// <summary>Median and 99th percentile of durations.</summary>
    public Measured Latency(string name, LatencyRecorder recorder) =>
        Low($"{name} p50", "ms", recorder.Quantile(0.5)).Low($"{name} p99", "ms", recorder.Quantile(0.99)).Low($"{name} max", "ms", recorder.MaxMilliseconds);

    /// <summary>What belongs to it and is not what the question is about.</summary>
    public Measured Also(Measured more)
    {
        _values.AddRange(more._values);
        return this;
    }

    private Measured Add(Figure figure, double value)
    {
        _values.Add(new(figure, value));
        Told?.Invoke(figure, value);
        return this;
    }
}
