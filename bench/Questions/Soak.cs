using System.Diagnostics;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Questions;

/// <summary>Whether anything grows.</summary>
internal sealed class Soak : Question
{
    private const int Rate = 5000;

    public override string Name => "soak";

    public override string Description => "Thirty minutes of jobs that are kept for ten seconds: silo memory, store memory and throughput at the end against the beginning.";

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var rate = settings.CountOr(Rate, 200);
        var duration = settings.DurationOr(30 * 60);
        await WarmUpAsync(contender, settings);
        var began = Stopwatch.GetTimestamp();
        List<(double Resident, double Store)> minutes = [];
        var latencies = new LatencyRecorder();
        long submitted = 0;
        while (Stopwatch.GetElapsedTime(began) < duration)
        {
            var second = Stopwatch.GetTimestamp();
            await contender.SubmitAsync(new Load(rate, 50, Type: "brief"));
            submitted += rate;
            await contender.FinishedAsync();
            latencies.Add(Stopwatch.GetElapsedTime(second));
            if (TimeSpan.FromSeconds(1) - Stopwatch.GetElapsedTime(second) is { Ticks: > 0 } rest) await Task.Delay(rest, TimeProvider.System);
            minutes.Add((contender.WorkerProcesses.Sum(ProcessFacts.ResidentBytes) / 1e6, (await contender.Redis.FactsAsync()).UsedMemory / 1e6));
        }

        // The first fifth is for heaps and retention to find their level.
        var settled = minutes.Skip(minutes.Count / 5).ToArray();
        var half = Math.Max(1, settled.Length / 2);
        return new Measured()
            .Low("silo memory, second half over first", "", Mean(settled[^half..], minute => minute.Resident) / Mean(settled[..half], minute => minute.Resident))
            .Low("store memory, second half over first", "", Mean(settled[^half..], minute => minute.Store) / Mean(settled[..half], minute => minute.Store))
            .Low("silo memory at the end", "MB", minutes[^1].Resident)
            .Low("store memory at the end", "MB", minutes[^1].Store)
            .High("jobs", "/s", submitted / Stopwatch.GetElapsedTime(began).TotalSeconds)
            .Latency($"{rate} jobs submitted and finished", latencies);
    }

    private static double Mean<T>(T[] values, Func<T, double> select) => values.Average(select);
}
