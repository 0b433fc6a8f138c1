using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Questions;

/// <summary>How punctually delayed jobs start.</summary>
internal sealed class Lateness : Question
{
    private const int DelayMs = 5000;
    private const int SpreadMs = 5000;

    public override string Name => "lateness";

    public override string Description => "Start minus due of jobs with a delay of 5 s, due one after the other over 5 s, and of as many due at one instant.";

    public override string[] Peers => ["bullmq", "celery"];

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var count = settings.CountOr(1000, 50);
        var (delay, spread) = settings.Smoke ? (500, 500) : (DelayMs, SpreadMs);
        var measured = new Measured();
        await WarmUpAsync(contender, settings);

        await contender.SubmitAsync(new Load(count, 50, Type: "late", DelayMs: delay, SpreadMs: spread));
        await contender.FinishedAsync();
        measured.Latency("spread", Record(await contender.LatenessAsync()));

        var at = TimeProvider.System.GetUtcNow().AddMilliseconds(delay).ToUnixTimeMilliseconds();
        await contender.SubmitAsync(new Load(count, 50, Type: "late", AtMs: at));
        await contender.FinishedAsync();
        return measured.Latency("one instant", Record(await contender.LatenessAsync()));
    }
}
