using System.ComponentModel;

namespace OrleansJobs.Samples;

/// <param name="Values">Up to 10,000 numbers.</param>
public sealed record SumArgs([property: Description("Up to 10,000 numbers.")] IReadOnlyList<decimal> Values);

/// <summary>Adds numbers. Whole ones stay whole, and none is rounded: they are decimal.</summary>
[Job("sum", Description = "Adds numbers, such as what other jobs of a flow came to.")]
public sealed class SumJob : IJob<SumArgs, decimal>
{
    public const int MaxValues = 10_000;

    /// <summary>Divided by it, a decimal loses the zeros at its end.</summary>
    private const decimal One = 1.0000000000000000000000000000m;

    public Task<decimal> RunAsync(SumArgs args, JobContext job, CancellationToken cancellation)
    {
        var values = args?.Values ?? throw new GiveUpException("values is missing.");
        Limits.Check("the number of values", values.Count, 0, MaxValues);
        try
        {
            return Task.FromResult(values.Sum() / One);
        }
        catch (OverflowException exception)
        {
            throw new GiveUpException($"The sum is beyond {decimal.MaxValue}.", exception);
        }
    }
}
