using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Questions;

/// <summary>One size of the sweep: its figure's name, what is started, how many jobs of which payload.</summary>
internal sealed record SizeCase(string Name, Stage Stage, int Count, int Payload = 0, int Queues = 0);

/// <summary>How throughput depends on sizes. Each case has a contender of its own, so that none inherits another's memory.</summary>
internal sealed class Size : Question
{
    public override string Name => "size";

    public override string Description => "Drain and batched end-to-end throughput against backlog (10^3 to 10^6), silo processes (1 to 4), partitions (32 to 256), payload (100 B to 100 kB) and queues (10 to 10,000).";

    public static IEnumerable<SizeCase> Cases(Settings settings)
    {
        var stage = settings.Stage;
        if (settings.Smoke)
        {
            yield return new("2 silos, 10,000 bytes", stage with { Workers = 2 }, 1000, 10_000);
            yield return new("10 queues", stage, 1000, Queues: 10);
            yield break;
        }

        int[] backlogs = [1000, 10_000, 100_000, 1_000_000];
        int[] silos = [1, 2, 4];
        int[] partitions = [32, 64, 128, 256];
        int[] payloads = [100, 1000, 10_000, 100_000];
        int[] queues = [10, 100, 1000, 10_000];
        var usual = settings.CountOr(100_000, 1000);
        foreach (var backlog in backlogs) yield return new($"{backlog:N0} queued", stage, backlog);
        foreach (var count in silos) yield return new($"{count} silos", stage with { Workers = count }, usual);
        foreach (var count in partitions) yield return new($"{count} partitions", stage with { Partitions = count }, usual);
        foreach (var payload in payloads) yield return new($"{payload:N0} bytes", stage, Math.Max(100, Math.Min(usual, 200_000_000 / payload)), payload);
        foreach (var count in queues) yield return new($"{count:N0} queues", stage, usual, Queues: count);
    }

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        // The contender that comes with the question stands idle meanwhile; a case needs one of its own.
        await contender.DisposeAsync();
        var measured = new Measured();
        foreach (var size in Cases(settings))
        {
            await using var own = new OurGrid(size.Stage);
            await own.StartAsync();
            await WarmUpAsync(own, settings);
            // A short drain is over before it can be timed: several, then.
            var rounds = Math.Max(1, (settings.Smoke ? 1000 : 50_000) / size.Count);
            double seconds = 0;
            // Nobody pauses thousands of queues at once.
            for (var round = 0; round < rounds && size.Queues == 0; round++)
            {
                await own.PauseAsync();
                await own.SubmitAsync(new Load(size.Count, own.BatchesInFlight, 100, Payload: size.Payload));
                seconds += await SecondsAsync(async () =>
                {
                    await own.ResumeAsync();
                    await own.FinishedAsync();
                });
            }

            if (size.Queues == 0) measured.High($"drain, {size.Name}", "jobs/s", (double)rounds * size.Count / seconds);
            seconds = 0;
            for (var round = 0; round < rounds; round++)
            {
                seconds += await SecondsAsync(async () =>
                {
                    await own.SubmitAsync(new Load(size.Count, own.BatchesInFlight, 100, Payload: size.Payload, Queues: size.Queues));
                    await own.FinishedAsync();
                });
            }

            measured.High($"end to end, {size.Name}", "jobs/s", (double)rounds * size.Count / seconds);
        }

        return measured;
    }
}
