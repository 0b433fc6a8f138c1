using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Questions;

/// <summary>What a great many future jobs do to a silo: nothing, it is hoped.</summary>
internal sealed class Future : Question
{
    private const int AnHour = 3_600_000;

    /// <summary>One probe takes two seconds, in which a machine's moods show: the median of several counts.</summary>
    private const int Probes = 5;

    public override string Name => "future";

    public override string Description => "A million jobs that are due in an hour: growth of silo and store, and submits and idle latency with them against without.";

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var count = settings.CountOr(1_000_000, 2000);
        var (probe, idleProbe) = settings.Smoke ? (500, 20) : (100_000, 500);
        await WarmUpAsync(contender, settings);
        var costs = new Measured();
        var (submitsBefore, idleBefore) = await ProbeAsync("without");
        var store = (await contender.Redis.FactsAsync()).UsedMemory;
        var (resident, heap) = await MemoryAsync();
        await contender.SubmitAsync(new Load(count, contender.BatchesInFlight, 100, DelayMs: AnHour));
        var (residentAfter, heapAfter) = await MemoryAsync();
        var storeAfter = (await contender.Redis.FactsAsync()).UsedMemory;
        var (submitsAfter, idleAfter) = await ProbeAsync("with", future: count);
        return new Measured()
            .Low("silo resident growth", "MB", (residentAfter - resident) / 1e6)
            .Low("silo heap growth", "MB", (heapAfter - heap) / 1e6)
            .Low("store", "bytes/job", (storeAfter - store) / count)
            .High("submits without", "/s", submitsBefore).High("submits with", "/s", submitsAfter)
            .Low("idle p50 without", "ms", idleBefore).Low("idle p50 with", "ms", idleAfter)
            .Also(costs);

        async Task<(double Submits, double Idle)> ProbeAsync(string what, int future = 0)
        {
            var idle = Record(await contender.IdleAsync(idleProbe, 10)).Quantile(0.5);
            var probes = settings.Smoke ? 1 : Probes;
            var cost = await Cost.StartAsync(contender);
            var speeds = new List<double>();
            for (var i = 0; i < probes; i++)
            {
                speeds.Add(probe / await SecondsAsync(() => contender.SubmitAsync(new Load(probe, 200))));
                await contender.FinishedAsync(but: future);
            }

            await cost.AddToAsync(costs, what, probe * probes);
            return (speeds.Order().ElementAt(probes / 2), idle);
        }

        async Task<(double Resident, double Heap)> MemoryAsync()
        {
            double heap = 0;
            foreach (var worker in contender.Workers) heap += (await worker.AskAsync("collect")).GetProperty("heap").GetDouble();
            return (contender.WorkerProcesses.Sum(ProcessFacts.ResidentBytes), heap);
        }
    }
}
