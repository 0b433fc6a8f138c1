using System.Text.Json.Nodes;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Questions;

/// <summary>What so many calls of grains in a month cost now: as Orleans' reminders, as jobs, and as schedules.</summary>
internal sealed class Reminders : Question
{
    private const int MonthMs = int.MaxValue;

    public override string Name => "reminders";

    public override string Description => "As many of Orleans' reminders, of future jobs and of schedules as --count says, all due in 25 days or more: how fast they are made, what they take, and what they cost a silo at rest.";

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        // Each kind has a grid of its own, so that none inherits another's memory.
        await contender.DisposeAsync();
        var measured = new Measured { Told = static (figure, value) => Console.Error.WriteLine($"{figure.Name}: {value:G5} {figure.Unit}") };
        var count = settings.CountOr(1_000_000, 200);
        var month = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() + MonthMs;
        await KindAsync("reminders", own => own.Producer.AskAsync("reminders", new JsonObject { ["count"] = count }));
        await KindAsync("jobs", own => own.SubmitAsync(new Load(count, own.BatchesInFlight, 100, DelayMs: MonthMs)));
        await KindAsync("schedules", own => own.Producer.AskAsync("schedules", new JsonObject { ["count"] = count, ["everyMs"] = 30L * 24 * 3_600_000, ["startMs"] = month, ["spreadMs"] = 0 }));
        return measured;

        async Task KindAsync(string what, Func<OurGrid, Task> make)
        {
            await using var own = new OurGrid(settings.Stage);
            await own.StartAsync();
            await WarmUpAsync(own, settings);
            var (store, (resident, heap)) = (await own.StoreBytesAsync(), await MemoryAsync(own));
            measured.High($"{count:N0} {what}: made", "/s", count / await SecondsAsync(() => make(own)));
            var (residentAfter, heapAfter) = await MemoryAsync(own);
            measured
                .Low($"{count:N0} {what}: store", "bytes each", (await own.StoreBytesAsync() - store) / count)
                .Low($"{count:N0} {what}: silo heap growth", "MB", (heapAfter - heap) / 1e6)
                .Low($"{count:N0} {what}: silo resident growth", "MB", (residentAfter - resident) / 1e6);
            // Reminders are read anew every five minutes.
            var (cpu, facts) = (own.WorkerProcesses.Sum(ProcessFacts.CpuSeconds), await own.Redis.FactsAsync());
            var seconds = settings.Smoke ? 1 : 330;
            await Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System);
            var factsAfter = await own.Redis.FactsAsync();
            measured
                .Low($"{count:N0} {what}, at rest: silo cpu", "ms/s", (own.WorkerProcesses.Sum(ProcessFacts.CpuSeconds) - cpu) * 1000 / seconds)
                .Low($"{count:N0} {what}, at rest: redis cpu", "ms/s", (factsAfter.CpuSeconds - facts.CpuSeconds) * 1000 / seconds)
                .Low($"{count:N0} {what}, at rest: redis out", "kB/s", (factsAfter.BytesOut - facts.BytesOut) / 1000 / seconds);
        }
    }

    private static async Task<(double Resident, double Heap)> MemoryAsync(OurGrid own)
    {
        var heap = (await own.Workers[0].AskAsync("collect")).GetProperty("heap").GetDouble();
        return (own.WorkerProcesses.Sum(ProcessFacts.ResidentBytes), heap);
    }
}
