using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Questions;

/// <summary>How fast a backlog is worked off.</summary>
internal sealed class Drain : Question
{
    public override string Name => "drain";

    public override string Description => "Queued jobs run and their results stored, a second; from the moment the queue is opened.";

    public override string[] Peers => [.. Contenders.Peers.Queues, .. Contenders.Peers.Brokers];

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var count = (int)(settings.CountOr(100_000, 1000) * contender.Scale);
        var measured = new Measured();
        if (settings.Warm)
        {
            var cold = await DrainAsync("drain, cold");
            var warm = await DrainAsync("drain, warm");
            measured.High("drain, cold over warm", "", cold / warm);
        }
        else
        {
            await WarmUpAsync(contender, settings);
            await DrainAsync("drain");
        }

        await contender.VerifyAsync();
        return measured;

        async Task<double> DrainAsync(string what)
        {
            await contender.PauseAsync();
            await contender.SubmitAsync(new Load(count, contender.BatchesInFlight, 100, Payload: settings.Payload));

            var cost = await Cost.StartAsync(contender);
            if (!contender.ResumesAtOnce)
            {
                await contender.ResumeAsync();
                await contender.FinishedAsync(but: count - 1);
            }

            var seconds = await SecondsAsync(async () =>
            {
                if (contender.ResumesAtOnce) await contender.ResumeAsync();
                await contender.FinishedAsync();
            });
            measured.High(what, "jobs/s", count / seconds);
            await cost.AddToAsync(measured, what, count);
            return count / seconds;
        }
    }
}
