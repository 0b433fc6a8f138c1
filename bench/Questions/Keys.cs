using System.Text.Json.Nodes;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Questions;

/// <summary>What keys cost: the same backlog drained without them, with one, and with many, with and without a limit on each.</summary>
internal sealed class Keys : Question
{
    /// <summary>Far more than ever run at a time, so that the limit is reckoned with and holds nothing back.</summary>
    private const int Wide = 10_000;

    public override string Name => "keys";

    public override string Description => "Drain and submit without keys, with 1, 100, 10,000 and 100,000 of them, each without a rule and with a limit; each case on a grid of its own.";

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        // The contender that comes with the question stands idle meanwhile; a case needs one of its own.
        await contender.DisposeAsync();
        var measured = new Measured();
        int[] keys = settings.Smoke ? [0, 1, 100] : [0, 1, 100, 10_000, 100_000];
        foreach (var count in keys)
        {
            await DrainAsync(measured, settings, count, isLimited: false);
            if (count > 0) await DrainAsync(measured, settings, count, isLimited: true);
        }

        return measured;
    }

    private static async Task DrainAsync(Measured measured, Settings settings, int keys, bool isLimited)
    {
        var name = keys == 0 ? "no key" : $"{keys:N0} key{(keys == 1 ? "" : "s")}{(isLimited ? ", limited" : "")}";
        // With a hundred thousand keys so many that each has some.
        var count = Math.Max(settings.CountOr(100_000, 1000), Math.Min(10 * keys, 1_000_000));
        await using var own = new OurGrid(settings.Stage);
        await own.StartAsync();
        await WarmUpAsync(own, settings);
        if (isLimited) await own.Producer.AskAsync("rule", new JsonObject { ["name"] = "tenant", ["concurrency"] = Wide, ["weight"] = 0 });
        await own.PauseAsync();
        var submit = await SecondsAsync(() => own.SubmitAsync(new Load(count, own.BatchesInFlight, 100, keys > 0 ? "keyed" : "noop", Keys: keys)));
        var seconds = await SecondsAsync(async () =>
        {
            await own.ResumeAsync();
            await own.FinishedAsync();
        });
        measured.High($"drain, {name}", "jobs/s", count / seconds);
        measured.High($"submit, {name}", "jobs/s", count / submit);
    }
}
