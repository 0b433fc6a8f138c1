using System.Diagnostics;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Questions;

/// <summary>Something to find out, the same way of every contender.</summary>
internal abstract class Question
{
    /// <summary>The command.</summary>
    public abstract string Name { get; }

    public abstract string Description { get; }

    /// <summary>Who else can answer it.</summary>
    public virtual string[] Peers => [];

    public virtual Stage StageFor(Settings settings) => settings.Stage;

    /// <summary>One repetition, on a contender that has just been started.</summary>
    public abstract Task<Measured> MeasureAsync(Contender contender, Settings settings);

    /// <summary>Jobs until compilers and connections have found their pace; as long for everybody.</summary>
    protected static async Task WarmUpAsync(Contender contender, Settings settings)
    {
        var began = Stopwatch.GetTimestamp();
        // Where nothing is measured, a few jobs show as much as thousands.
        var share = settings.Smoke ? 0.05 : contender.Scale;
        do
        {
            await contender.SubmitAsync(new Load((int)(2000 * share), contender.BatchesInFlight, 100));
            await contender.SubmitAsync(new Load((int)(1000 * share), 50));
            await contender.FinishedAsync();
        }
        while (Stopwatch.GetElapsedTime(began) < settings.WarmUp);
    }

    protected static async Task<double> SecondsAsync(Func<Task> work)
    {
        var began = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    protected static LatencyRecorder Record(IEnumerable<double> milliseconds)
    {
        var recorder = new LatencyRecorder();
        foreach (var value in milliseconds) recorder.AddMilliseconds(value);
        return recorder;
    }
}
