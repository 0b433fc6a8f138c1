using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Questions;

/// <summary>How fast jobs are accepted while none is run.</summary>
internal sealed class Submit : Question
{
    public override string Name => "submit";

    public override string Description => "Jobs accepted a second, one at a time with many in flight, and in batches; none is run meanwhile.";

    public override string[] Peers => [.. Contenders.Peers.Queues, .. Contenders.Peers.Brokers];

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var count = (int)(settings.CountOr(100_000, 1000) * contender.Scale);
        var inflight = settings.InFlight > 0 ? settings.InFlight : 200;
        var batch = settings.Batch > 0 ? settings.Batch : 100;
        var measured = new Measured();
        await WarmUpAsync(contender, settings);
        await contender.PauseAsync();

        var cost = await Cost.StartAsync(contender);
        var single = await SecondsAsync(() => contender.SubmitAsync(new Load(count, inflight, Payload: settings.Payload)));
        measured.High($"one at a time, {inflight} in flight", "jobs/s", count / single);
        await cost.AddToAsync(measured, "one at a time", count);

        if (contender.HasBatches)
        {
            cost = await Cost.StartAsync(contender);
            var batched = await SecondsAsync(() => contender.SubmitAsync(new Load(count, contender.BatchesInFlight, batch, Payload: settings.Payload)));
            measured.High($"batches of {batch}", "jobs/s", count / batched);
            await cost.AddToAsync(measured, "batches", count);
        }

        return measured;
    }
}
