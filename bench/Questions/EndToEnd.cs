using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Questions;

/// <summary>How fast jobs go all the way while they are submitted.</summary>
internal sealed class EndToEnd : Question
{
    public override string Name => "end-to-end";

    public override string Description => "Jobs submitted, run and their results stored, a second, all at the same time; in batches and one at a time.";

    public override string[] Peers => ["bullmq", "celery"];

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var count = (int)(settings.CountOr(100_000, 1000) * contender.Scale);
        var inflight = settings.InFlight > 0 ? settings.InFlight : 200;
        var measured = new Measured();
        await WarmUpAsync(contender, settings);

        var batches = new Load(count, contender.BatchesInFlight, settings.Batch > 0 ? settings.Batch : 100, Payload: settings.Payload);
        await RunAsync("batches", batches);
        await RunAsync($"one at a time, {inflight} in flight", new Load(count, inflight, Payload: settings.Payload));
        return measured;

        async Task RunAsync(string what, Load load)
        {
            var cost = await Cost.StartAsync(contender);
            var seconds = await SecondsAsync(async () =>
            {
                await contender.SubmitAsync(load);
                await contender.FinishedAsync();
            });
            measured.High(what, "jobs/s", load.Count / seconds);
            await cost.AddToAsync(measured, load.Batch > 1 ? "batches" : "one at a time", load.Count);
        }
    }
}
