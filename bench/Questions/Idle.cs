using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Questions;

/// <summary>How soon one job is done when nothing else is to do.</summary>
internal sealed class Idle : Question
{
    // Long enough for everything to have come to rest.
    private const int PauseMs = 10;

    public override string Name => "idle";

    public override string Description => "From before the submit of one job until its stored result is known to the submitter, with nothing else to do.";

    public override string[] Peers => ["bullmq", "celery"];

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        await WarmUpAsync(contender, settings);
        await contender.IdleAsync(settings.CountOr(500, 10), PauseMs);
        return new Measured().Latency("submit to result", Record(await contender.IdleAsync(settings.CountOr(1000, 20), PauseMs)));
    }
}
