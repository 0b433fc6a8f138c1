using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Questions;

/// <summary>How fast jobs are run whose handlers are of another language: ours by workers outside of the silo, over HTTP.</summary>
/// <param name="noop">The job that returns at once.</param>
/// <param name="rest">The job that rests for a millisecond.</param>
internal abstract class OutsideWorkers(Handlers handlers, string noop, string rest) : Question
{
    private const int PauseMs = 10;

    public override string Description => $"Queued jobs run by one and by two {handlers} workers, a second, and one job with nothing else to do.";

    public override Stage StageFor(Settings settings) => settings.Stage with { Workers = 1, Handlers = handlers };

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var measured = new Measured();
        await WarmAsync(contender, settings);
        await DrainAsync("noop, one worker", noop);
        await DrainAsync("1 ms, one worker", rest);
        await contender.IdleAsync(settings.CountOr(100, 5), PauseMs, noop);
        measured.Latency("submit to result", Record(await contender.IdleAsync(settings.CountOr(500, 10), PauseMs, noop)));
        await contender.AddWorkerAsync();
        await WarmAsync(contender, settings);
        await DrainAsync("noop, two workers", noop);
        await DrainAsync("1 ms, two workers", rest);
        await contender.VerifyAsync();
        return measured;

        async Task DrainAsync(string what, string type)
        {
            var count = (int)(settings.CountOr(20_000, 200) * contender.Scale);
            await contender.PauseAsync();
            await contender.SubmitAsync(new Load(count, contender.BatchesInFlight, 100, type, settings.Payload));
            var left = count;
            if (!contender.ResumesAtOnce)
            {
                await contender.ResumeAsync();
                await contender.FinishedAsync(but: --left);
            }

            var seconds = await SecondsAsync(async () =>
            {
                if (contender.ResumesAtOnce) await contender.ResumeAsync();
                await contender.FinishedAsync();
            });
            measured.High(what, "jobs/s", left / seconds);
        }
    }

    /// <summary>Until compilers and connections have found their pace; as long for everybody.</summary>
    private async Task WarmAsync(Contender contender, Settings settings)
    {
        var began = TimeProvider.System.GetTimestamp();
        do
        {
            await contender.SubmitAsync(new Load(200, 4, 100, noop));
            await contender.FinishedAsync();
        }
        while (TimeProvider.System.GetElapsedTime(began) < settings.WarmUp);
    }
}
