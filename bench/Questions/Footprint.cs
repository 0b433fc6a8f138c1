using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Questions;

/// <summary>What a job that waits, is finished or is due later takes, in the store and in the worker.</summary>
internal sealed class Footprint : Question
{
    private const int AnHour = 3_600_000;

    public override string Name => "footprint";

    public override string Description => "Bytes in the store, and resident bytes in the worker, per future, waiting, running and finished job.";

    public override string[] Peers => ["bullmq", "celery"];

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var count = (int)(settings.CountOr(100_000, 1000) * contender.Scale);
        var measured = new Measured();
        await WarmUpAsync(contender, settings);

        await GrowAsync("finished", count, new Load(count, contender.BatchesInFlight, 100), finishes: true);
        await GrowAsync("future", count, new Load(count, contender.BatchesInFlight, 100, DelayMs: AnHour));
        if (contender is not Celery)
        {
            var running = settings.Smoke ? 8 : 32;
            await GrowAsync("running", running, new Load(running, 8, Type: "hold"));
        }

        await contender.PauseAsync();
        await GrowAsync("waiting", count, new Load(count, contender.BatchesInFlight, 100));
        return measured;

        async Task GrowAsync(string state, int jobs, Load load, bool finishes = false)
        {
            var store = (await contender.Redis.FactsAsync()).UsedMemory;
            var memory = contender.WorkerProcesses.Sum(ProcessFacts.ResidentBytes);
            await contender.SubmitAsync(load);
            if (finishes) await contender.FinishedAsync();
            else await Task.Delay(TimeSpan.FromSeconds(settings.Smoke ? 0.2 : 2), TimeProvider.System);
            measured.Low($"{state}: store", "bytes/job", ((await contender.Redis.FactsAsync()).UsedMemory - store) / jobs);
            if (state is not "running") measured.Low($"{state}: worker", "bytes/job", (contender.WorkerProcesses.Sum(ProcessFacts.ResidentBytes) - memory) / (double)jobs);
        }
    }
}
