using System.Text.Json.Nodes;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Questions;

/// <summary>How often one handler can say how far it is.</summary>
internal sealed class Progress : Question
{
    public override string Name => "progress";

    public override string Description => "Progress reports a second from one handler, with a watcher attached.";

    public override string[] Peers => ["bullmq", "celery"];

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        // A report of ours is a store to memory: it takes many of them to fill a measurable time.
        var count = settings.CountOr(50_000, 1000) * (contender is OurGrid && !settings.Smoke && settings.Count == 0 ? 1000L : 1L);
        await WarmUpAsync(contender, settings);
        var answer = await contender.Producer.AskAsync("progress", new JsonObject { ["count"] = (long)(count * contender.Scale) });
        var measured = new Measured().High("reports", "/s", count * contender.Scale / answer.GetProperty("seconds").GetDouble());
        if (answer.TryGetProperty("seen", out var seen)) measured.High("seen by the watcher", "", seen.GetDouble());
        if (answer.TryGetProperty("allocated", out var allocated)) measured.Low("allocated", "bytes/report", allocated.GetDouble() / count);
        return measured;
    }
}
