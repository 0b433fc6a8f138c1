using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Tests.Bench;

public sealed class LatencyRecorderTests
{
    [Theory]
    [InlineData(0.001)]
    [InlineData(0.23)]
    [InlineData(1.5)]
    [InlineData(99.9)]
    [InlineData(60_300)]
    [InlineData(3_600_000)]
    public void Quantile_OfOneDuration_IsWithinAPercent(double milliseconds)
    {
        var recorder = new LatencyRecorder();
        recorder.AddMilliseconds(milliseconds);

        Assert.InRange(recorder.Quantile(0.5), milliseconds * 0.99, milliseconds * 1.01);
        Assert.InRange(recorder.MaxMilliseconds, milliseconds * 0.999, milliseconds * 1.001);
    }

    [Fact]
    public void Quantile_AgreesWithSorting()
    {
        var random = new Random(7);
        var values = Enumerable.Range(0, 10_000).Select(_ => Math.Exp(random.NextDouble() * 12 - 4)).ToArray();
        var recorder = new LatencyRecorder();
        foreach (var value in values) recorder.AddMilliseconds(value);
        Array.Sort(values);

        foreach (var quantile in new[] { 0.01, 0.5, 0.9, 0.99, 0.999, 1.0 })
        {
            var exact = values[(int)Math.Ceiling(quantile * values.Length) - 1];
            Assert.InRange(recorder.Quantile(quantile), exact * 0.99, exact * 1.01);
        }
    }

    [Fact]
    public void Add_FromManyThreads_LosesNothing()
    {
        var recorder = new LatencyRecorder();
        Parallel.For(0, 50_000, i => recorder.AddNanoseconds(i));

        Assert.Equal(50_000, recorder.Count);
        Assert.Equal(0.049999, recorder.MaxMilliseconds, 9);
    }

    [Fact]
    public void Quantile_OfNothing_IsZero() => Assert.Equal(0, new LatencyRecorder().Quantile(0.99));
}
