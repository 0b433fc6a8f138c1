using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Questions;

/// <summary>How punctual recurring jobs are, and what schedules cost that are due each minute, or not for a month.</summary>
internal sealed class Schedules : Question
{
    private const int Second = 1000;
    private const int Minute = 60 * Second;
    private const long Month = 30L * 24 * 60 * Minute;

    public override string Name => "schedules";

    public override string Description => "Lateness of 1,000 schedules each second; of ours also of 100,000 each minute, spread over it and all at one instant, with what they take, and what as many that are due in a month as --count says cost a silo at rest.";

    public override string[] Peers => ["bullmq", "celery"];

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var measured = new Measured { Told = static (figure, value) => Console.Error.WriteLine($"{figure.Name}: {value:G5} {figure.Unit}") };
        await WarmUpAsync(contender, settings);
        await EachSecondAsync(contender, settings, measured);
        // The rest is nothing that others are asked.
        if (contender is not OurGrid || settings.Against.Count > 0) return measured;

        // Each case has a grid of its own, so that none inherits another's memory.
        await contender.DisposeAsync();
        if (!settings.Smoke) await EachMinuteAsync(settings, measured, "each minute, spread over it", Minute);
        await EachMinuteAsync(settings, measured, "each minute, at one instant", 0);
        await NextMonthAsync(settings, measured);
        return measured;
    }

    private static async Task EachSecondAsync(Contender contender, Settings settings, Measured measured)
    {
        var count = settings.Smoke ? 20 : 1000;
        var duration = settings.DurationOr(60);
        await PutAsync(contender, count, Second);
        // Until whoever began late has found its pace.
        await RestAsync(settings.Smoke ? 1 : 10);
        await contender.LatenessAsync();
        await Task.Delay(duration, TimeProvider.System);
        var late = await contender.LatenessAsync();
        await contender.Producer.AskAsync("unschedule", new JsonObject { ["count"] = count });
        var what = $"{count:N0} each second";
        measured.Latency(what, Record(late)).High($"{what}: runs", "/s", late.Length / duration.TotalSeconds);
    }

    private static async Task EachMinuteAsync(Settings settings, Measured measured, string what, int spread)
    {
        await using var own = new OurGrid(settings.Stage);
        await own.StartAsync();
        await WarmUpAsync(own, settings);
        var (count, every) = settings.Smoke ? (200, 2 * Second) : (100_000, Minute);
        var (store, (resident, heap)) = (await own.StoreBytesAsync(), await MemoryAsync(own));
        // Later than all of them are made.
        var start = Now + (settings.Smoke ? 2 * Second : Minute + count);
        await PutAsync(own, count, every, start, Math.Min(spread, every));
        var (storeAfter, (residentAfter, heapAfter)) = (await own.StoreBytesAsync(), await MemoryAsync(own));
        measured
            .Low($"{what}: store", "bytes/schedule", (storeAfter - store) / count)
            .Low($"{what}: silo heap growth", "MB", (heapAfter - heap) / 1e6)
            .Low($"{what}: silo resident growth", "MB", (residentAfter - resident) / 1e6);
        await RestAsync(Math.Max(0, start - Now) / 1000.0);
        // What compilers take the first time is not asked here.
        if (!settings.Smoke) await RestAsync(60);
        await own.LatenessAsync();
        var (cpu, redis) = (own.WorkerProcesses.Sum(ProcessFacts.CpuSeconds), (await own.Redis.FactsAsync()).CpuSeconds);
        var seconds = settings.Smoke ? 4 : settings.DurationOr(180).TotalSeconds;
        await RestAsync(seconds);
        var late = await own.LatenessAsync();
        measured.Latency(what, Record(late)).High($"{what}: runs", "/s", late.Length / seconds)
            .Low($"{what}: silo cpu", "cores", (own.WorkerProcesses.Sum(ProcessFacts.CpuSeconds) - cpu) / seconds)
            .Low($"{what}: redis cpu", "cores", ((await own.Redis.FactsAsync()).CpuSeconds - redis) / seconds);
        measured.Low($"{what}: silo heap growth, running", "MB", ((await MemoryAsync(own)).Heap - heap) / 1e6)
            .Low($"{what}: store, running", "bytes/schedule", (await own.StoreBytesAsync() - store) / count);
    }

    private static async Task NextMonthAsync(Settings settings, Measured measured)
    {
        await using var own = new OurGrid(settings.Stage);
        await own.StartAsync();
        await WarmUpAsync(own, settings);
        var count = settings.CountOr(1_000_000, 200);
        await IdleAsync("without any");
        var (store, (resident, heap)) = (await own.StoreBytesAsync(), await MemoryAsync(own));
        var answer = await PutAsync(own, count, Month, Now + Month, 0);
        var what = $"{count:N0} due in a month";
        measured.High($"{what}: made", "/s", count / answer.GetProperty("seconds").GetDouble());
        var (storeAfter, (residentAfter, heapAfter)) = (await own.StoreBytesAsync(), await MemoryAsync(own));
        measured
            .Low($"{what}: store", "bytes/schedule", (storeAfter - store) / count)
            .Low($"{what}: silo heap growth", "MB", (heapAfter - heap) / 1e6)
            .Low($"{what}: silo resident growth", "MB", (residentAfter - resident) / 1e6);
        await IdleAsync(what);

        async Task IdleAsync(string with)
        {
            measured.Latency($"one job, {with}", Record(await own.IdleAsync(settings.Smoke ? 10 : 500, 10)));
            await RestAsync(settings.Smoke ? 0.5 : 10);
            var (cpu, redis) = (own.WorkerProcesses.Sum(ProcessFacts.CpuSeconds), (await own.Redis.FactsAsync()).CpuSeconds);
            var seconds = settings.Smoke ? 1 : 30;
            await RestAsync(seconds);
            measured.Low($"at rest, {with}: silo cpu", "ms/s", (own.WorkerProcesses.Sum(ProcessFacts.CpuSeconds) - cpu) * 1000 / seconds)
                .Low($"at rest, {with}: redis cpu", "ms/s", ((await own.Redis.FactsAsync()).CpuSeconds - redis) * 1000 / seconds);
        }
    }

    private static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private static Task<JsonElement> PutAsync(Contender contender, int count, long every, long start = 0, long spread = 0) => contender.Producer.AskAsync(
        "schedules", new JsonObject { ["count"] = count, ["everyMs"] = every, ["startMs"] = start, ["spreadMs"] = spread });

    private static Task RestAsync(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System);

    private static async Task<(double Resident, double Heap)> MemoryAsync(OurGrid own)
    {
        double heap = 0;
        foreach (var worker in own.Workers) heap += (await worker.AskAsync("collect")).GetProperty("heap").GetDouble();
        return (own.WorkerProcesses.Sum(ProcessFacts.ResidentBytes), heap);
    }
}
