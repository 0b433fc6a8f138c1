using System.Diagnostics;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Questions;

/// <summary>What doing nothing costs.</summary>
internal sealed class Quiet : Question
{
    public override string Name => "quiet";

    public override string Description => "Processor share of a worker with nothing to do, and the commands a second that Redis sees from it.";

    public override string[] Peers => ["bullmq", "celery"];

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        await WarmUpAsync(contender, settings);
        // What a busy minute leaves behind, such as methods to compile once more, is not rest yet.
        await Task.Delay(settings.DurationOr(20), TimeProvider.System);
        var cpu = contender.WorkerProcesses.Sum(ProcessFacts.CpuSeconds);
        var redis = await contender.Redis.FactsAsync();
        var began = Stopwatch.GetTimestamp();
        await Task.Delay(settings.DurationOr(30), TimeProvider.System);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var after = await contender.Redis.FactsAsync();
        return new Measured()
            .Low("cpu of the worker", "% of a core", (contender.WorkerProcesses.Sum(ProcessFacts.CpuSeconds) - cpu) * 100 / seconds)
            // The two questions to Redis are ours.
            .Low("redis commands", "/s", (after.Commands - redis.Commands - 2) / seconds)
            .Low("redis cpu", "% of a core", (after.CpuSeconds - redis.CpuSeconds) * 100 / seconds);
    }
}
