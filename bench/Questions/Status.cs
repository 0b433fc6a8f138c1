using System.Text.Json.Nodes;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Questions;

/// <summary>How fast statuses are read by a .NET service.</summary>
internal sealed class Status : Question
{
    public override string Name => "status";

    public override string Description => "Statuses of finished jobs read through the job client a second: each job for the first time, and again.";

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var count = settings.CountOr(20_000, 200);
        await WarmUpAsync(contender, settings);
        var answer = await contender.Producer.AskAsync("statuses", new JsonObject { ["count"] = count, ["inflight"] = settings.InFlight > 0 ? settings.InFlight : 200, ["rounds"] = 5 });
        return new Measured()
            .High("asked again", "/s", answer.GetProperty("again").GetDouble())
            .High("asked for the first time", "/s", answer.GetProperty("first").GetDouble());
    }
}
