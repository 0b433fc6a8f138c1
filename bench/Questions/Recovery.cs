using System.Text.Json;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Questions;

/// <summary>How soon the jobs of a killed worker run again.</summary>
internal sealed class Recovery : Question
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    public override string Name => "recovery";

    public override string Description => "kill -9 of one of three workers: until the first and the last of its jobs have started again elsewhere.";

    public override string[] Peers => ["bullmq"];

    public override Stage StageFor(Settings settings) => settings.Stage with { Workers = 3, Slots = 500, Layout = Layout.Embedded };

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var jobs = settings.CountOr(60, 12);
        await WarmUpAsync(contender, settings);
        // Jobs run where they happen to be taken, and partitions take a moment to spread: until the one to be killed has some.
        var lost = 0;
        for (var submitted = jobs; lost == 0 && submitted <= 20 * jobs; submitted += jobs)
        {
            await contender.SubmitAsync(new Load(jobs, 10, Type: "hold"));
            await WaitAsync(async () => (await StartsAsync(contender)).Count == submitted);
            lost = (await contender.Workers[^1].AskAsync("held")).GetProperty("starts").GetArrayLength();
            if (lost == 0) await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        }

        if (lost == 0) throw new InvalidOperationException("The worker to be killed runs no job.");

        var killed = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        await contender.KillWorkerAsync();
        await WaitAsync(async () => (await StartsAsync(contender)).Count(start => start.Again) >= lost);
        var back = (await StartsAsync(contender)).Where(start => start.Again).Select(start => (start.At - killed) / 1000).ToArray();
        return new Measured().Low("first job back", "s", back.Min()).Low("last job back", "s", back.Max()).High("jobs lost with the worker", "", lost);
    }

    private static async Task<List<(double At, bool Again)>> StartsAsync(Contender contender)
    {
        List<(double, bool)> starts = [];
        foreach (var worker in contender.Workers)
            foreach (var start in (await worker.AskAsync("held")).GetProperty("starts").EnumerateArray())
                starts.Add((start.GetProperty("at").GetDouble(), start.GetProperty("again").ValueKind == JsonValueKind.True));
        return starts;
    }

    private static async Task WaitAsync(Func<Task<bool>> condition)
    {
        for (var waited = TimeSpan.Zero; !await condition(); waited += Poll)
        {
            if (waited > TimeSpan.FromMinutes(4)) throw new TimeoutException("Not within four minutes.");
            await Task.Delay(Poll, TimeProvider.System);
        }
    }
}
