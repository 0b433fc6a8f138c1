using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Questions;

/// <summary>How fast jobs go all the way while they are submitted.</summary>
internal sealed class EndToEnd : Question
{
    public override string Name => "end-to-end";

    public override string Description => "Jobs submitted, run and their results stored, a second, all at the same time; in batches and one at a time.";

    public override string[] Peers => [.. Contenders.Peers.Queues, .. Contenders.Peers.Brokers];

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var count = (int)(settings.CountOr(100_000, 1000) * contender.Scale);
        var inflight = settings.InFlight > 0 ? settings.InFlight : 200;
        var measured = new Measured();
        var batches = new Load(count, contender.BatchesInFlight, settings.Batch > 0 ? settings.Batch : 100, Payload: settings.Payload);
        var singles = new Load(count, inflight, Payload: settings.Payload);
        if (settings.Warm)
        {
            await ColdAndWarmAsync("batches", batches);
            await contender.StartAnewAsync();
            await ColdAndWarmAsync($"one at a time, {inflight} in flight", singles);
        }
        else
        {
            await WarmUpAsync(contender, settings);
            await RunAsync("batches", "batches", batches);
            await RunAsync($"one at a time, {inflight} in flight", "one at a time", singles);
            await contender.VerifyAsync();
        }

        return measured;

        async Task ColdAndWarmAsync(string what, Load load)
        {
            var cold = await RunAsync($"{what}, cold", $"{what}, cold", load);
            var warm = await RunAsync($"{what}, warm", $"{what}, warm", load);
            measured.High($"{what}, cold over warm", "", cold / warm);
            await contender.VerifyAsync();
        }

        async Task<double> RunAsync(string what, string briefly, Load load)
        {
            var cost = await Cost.StartAsync(contender);
            var seconds = await SecondsAsync(async () =>
            {
                await contender.SubmitAsync(load);
                await contender.FinishedAsync();
            });
            measured.High(what, "jobs/s", load.Count / seconds);
            await cost.AddToAsync(measured, briefly, load.Count);
            return load.Count / seconds;
        }
    }
}
