using System.Text.Json.Nodes;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Questions;

/// <summary>What a great many jobs in one grid change: a third each wait, are due much later, and have ended and are removed while new ones run.</summary>
internal sealed class Large : Question
{
    private const int TenHours = 36_000_000;
    private const int Fillers = 8;
    private const string Kept = "kept";

    /// <summary>The finished ones are to be there until everything has been asked of them. To run takes longer than to be stored, by less than this factor.</summary>
    private const double SlowestRun = 3.5;
    private static readonly TimeSpan AskingTime = TimeSpan.FromSeconds(75);
    private const int PurgeSeconds = 900;

    public override string Name => "large";

    public override string Description => "As many jobs as --count says (a million), a third each waiting, future and finished: memory of silo and store, submits, idle latency, lists, the start of a silo, and the removal of the finished ones while new ones run, for --seconds at most.";

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var (own, each) = ((OurGrid)contender, settings.CountOr(1_000_000, 3000) / 3);
        var measured = new Measured { Told = static (figure, value) => Console.Error.WriteLine($"{figure.Name}: {value:G5} {figure.Unit}") };
        // Until the grid has made its own tables. What it takes to be warm is run, and kept, with each probe.
        await own.SubmitAsync(new Load(100, own.BatchesInFlight, 100));
        await own.FinishedAsync();
        measured.Low("silo starts, empty store", "s", await own.RestartAsync());
        await ProbeAsync("empty");

        await own.PauseAsync(Kept);
        var stored = await FillAsync("waiting", new Load(each, Fillers, 100, Queue: Kept));
        await FillAsync("future", new Load(each, Fillers, 100, DelayMs: TenHours));
        var until = TimeProvider.System.GetUtcNow() + (settings.Smoke ? TimeSpan.FromHours(1) : TimeSpan.FromSeconds(stored * SlowestRun) + AskingTime);
        await FillAsync("finished", new Load(each, own.BatchesInFlight, 100, KeepUntilMs: until.ToUnixTimeMilliseconds()), ends: true);
        measured.Low("silo starts, full store", "s", await own.RestartAsync());
        measured.Low("silo resident after the start", "MB", await ResidentAsync());
        await ProbeAsync("full");
        if (!settings.Smoke) await PurgeAsync();
        return measured;

        async Task<double> FillAsync(string what, Load load, bool ends = false)
        {
            var (store, resident) = (await own.StoreBytesAsync(), await ResidentAsync());
            var seconds = await SecondsAsync(async () =>
            {
                await own.SubmitAsync(load);
                if (ends) await own.FinishedAsync(but: 2 * each);
            });
            measured.High($"{what}: filled", "jobs/s", each / seconds)
                .Low($"{what}: store", "bytes/job", (await own.StoreBytesAsync() - store) / each)
                .Low($"{what}: silo resident growth", "MB", await ResidentAsync() - resident);
            return seconds;
        }

        async Task ProbeAsync(string what)
        {
            // All that waits and is due later does not end.
            var but = what == "empty" ? 0 : 2 * each;
            var (probe, idle, lists) = settings.Smoke ? (300, 10, 2) : (20_000, 300, 30);
            // The process has just been started.
            for (var round = 0; round < 10; round++)
            {
                await own.SubmitAsync(new Load(probe / 10, own.BatchesInFlight, 100));
                await own.SubmitAsync(new Load(probe / 10, 50));
                await own.FinishedAsync(but);
            }

            var submits = await SecondsAsync(() => own.SubmitAsync(new Load(probe, 200)));
            await own.FinishedAsync(but);
            var through = await SecondsAsync(async () =>
            {
                await own.SubmitAsync(new Load(2 * probe, own.BatchesInFlight, 100));
                await own.FinishedAsync(but);
            });
            measured.High($"{what}: submits, one at a time", "/s", probe / submits).High($"{what}: end to end in batches", "jobs/s", 2 * probe / through)
                .Latency($"{what}: idle", Record(await own.IdleAsync(idle, 10)));
            foreach (var queue in (string?[])[null, Kept])
            {
                var asked = await own.Producer.AskAsync("list", new JsonObject { ["count"] = lists, ["queue"] = queue });
                measured.Low($"{what}: two pages of {(queue is null ? "all jobs" : "the queue that waits")}, p50", "ms",
                    Record(asked.GetProperty("ms").EnumerateArray().Select(ms => ms.GetDouble())).Quantile(0.5));
            }
        }

        async Task PurgeAsync()
        {
            if (until - TimeProvider.System.GetUtcNow() is { Ticks: > 0 } early) await Task.Delay(early, TimeProvider.System);
            else throw new InvalidOperationException("The finished jobs were over before they had been asked for: this machine needs a smaller --count.");
            var (store, before) = (await own.StoreBytesAsync(), await CountAsync());
            long added = 0, left = each;
            const int Wave = 20_000;
            var patience = settings.DurationOr(PurgeSeconds);
            // A partition looks once a minute for what is over.
            var seconds = await SecondsAsync(async () =>
            {
                var began = TimeProvider.System.GetTimestamp();
                while (left > each / 100 && TimeProvider.System.GetElapsedTime(began) < patience)
                {
                    await own.SubmitAsync(new Load(Wave, own.BatchesInFlight, 100));
                    await own.FinishedAsync(but: 2 * each);
                    added += Wave;
                    left = each - (before + added - await CountAsync());
                }
            });
            measured.High("purge: removed", "jobs/s", (each - left) / seconds).Low("purge: took", "s", seconds)
                .High("purge: end to end in batches meanwhile", "jobs/s", added / seconds)
                .Low("purge: store before", "MB", store / 1e6).Low("purge: store after", "MB", await own.StoreBytesAsync() / 1e6).Low("purge: silo resident", "MB", await ResidentAsync());
        }

        async Task<long> CountAsync() => (await own.Producer.AskAsync("count")).GetProperty("finished").GetInt64();

        async Task<double> ResidentAsync()
        {
            foreach (var worker in own.Workers) await worker.AskAsync("collect");
            return own.WorkerProcesses.Sum(ProcessFacts.ResidentBytes) / 1e6;
        }
    }
}
