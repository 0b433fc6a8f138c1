using System.Text.Json.Nodes;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Questions;

/// <summary>
/// Whether keys get their shares: one tenant with very many jobs and others with some, all submitted before anything runs. What each starts is counted over windows of ten seconds in which all of them
/// have work; and with weights, whether who weighs more starts as much more.
/// </summary>
internal sealed class Fairness : Question
{
    private const int Milliseconds = 50;
    private const int Window = 10;

    public override string Name => "fairness";

    public override string Description => "100 tenants, one with very many jobs: the share of each over 10 s; weights 1, 2 and 4; how long a new tenant's single job waits meanwhile.";

    public override Stage StageFor(Settings settings) => settings.Stage with { Workers = Math.Max(settings.Smoke ? 1 : 3, settings.Workers), Slots = settings.Slots > 0 ? settings.Slots : 50 };

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var measured = new Measured();
        await WarmUpAsync(contender, settings);
        var tenants = settings.Smoke ? 5 : 100;
        // What the slots do in the time of three windows, shared by all of them: nobody is out of work before.
        var each = (int)(contender.Stage.Slots * contender.Stage.Workers * 1000.0 / Milliseconds * (settings.Smoke ? 2 : 3 * Window) / tenants);
        var keys = Enumerable.Range(0, tenants).Select(number => $"even/{number}").ToArray();
        var flood = settings.CountOr(1_000_000, 500);
        var (shares, single) = await RunAsync(contender, settings, [.. keys.Select((key, number) => (key, number == 0 ? Math.Max(flood, each) : each))], "single/0");
        var fair = shares.Values.Average();
        measured.High("started of 100 keys", "jobs/s", shares.Values.Sum());
        measured.Low("furthest from its share", "%", 100 * shares.Values.Max(share => Math.Abs(share - fair)) / fair);
        measured.Low("share of the flood", "of one", shares[keys[0]] / fair);
        measured.Low("single job of a new tenant waits", "ms", single);

        (string Key, int Weight)[] weights = [("weighed/1", 1), ("weighed/2", 2), ("weighed/4", 4)];
        foreach (var (key, weight) in weights) await contender.Producer.AskAsync("rule", new JsonObject { ["name"] = key, ["concurrency"] = 0, ["weight"] = weight });
        var most = (int)(contender.Stage.Slots * contender.Stage.Workers * 1000.0 / Milliseconds * (settings.Smoke ? 2 : 2 * Window));
        (shares, _) = await RunAsync(contender, settings, [.. weights.Select(one => (one.Key, most))], null);
        foreach (var (key, weight) in weights.Skip(1)) measured.High($"weight {weight} beside 1", "times", shares[key] / Math.Max(1e-9, shares[weights[0].Key]));
        return measured;
    }

    /// <returns>What each key started in a window in which all had work, a second; and how long the single job waited.</returns>
    private static async Task<(Dictionary<string, double> Shares, double Single)> RunAsync(Contender contender, Settings settings, (string Key, int Jobs)[] load, string? single)
    {
        await contender.PauseAsync();
        foreach (var (key, jobs) in load) await contender.SubmitAsync(new Load(jobs, contender.BatchesInFlight, 100, "work", Key: key, Ms: Milliseconds));
        await WorkedAsync(contender);
        await contender.ResumeAsync();
        // The first second or two belong to who was asked first.
        await Task.Delay(TimeSpan.FromSeconds(settings.Smoke ? 0.2 : 3), TimeProvider.System);
        var starts = await WorkedAsync(contender);
        await Task.Delay(TimeSpan.FromSeconds(settings.Smoke ? 1 : Window), TimeProvider.System);
        starts = await WorkedAsync(contender);
        double waited = 0;
        if (single is not null)
        {
            await contender.SubmitAsync(new Load(1, 1, 2, "work", Key: single, Ms: 1));
            waited = await SecondsAsync(async () =>
            {
                while (!(await WorkedAsync(contender)).ContainsKey(single)) await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
            }) * 1000;
        }

        var seconds = settings.Smoke ? 1.0 : Window;
        await contender.FinishedAsync();
        return (load.ToDictionary(one => one.Key, one => starts.GetValueOrDefault(one.Key) / seconds), waited);
    }

    /// <summary>How many jobs of each key have started since this was asked last.</summary>
    private static async Task<Dictionary<string, double>> WorkedAsync(Contender contender)
    {
        var starts = new Dictionary<string, double>();
        foreach (var worker in contender.Workers)
        {
            foreach (var start in (await worker.AskAsync("worked")).GetProperty("starts").EnumerateArray())
            {
                var key = start.GetProperty("key").GetString()!;
                starts[key] = starts.GetValueOrDefault(key) + start.GetProperty("jobs").GetDouble();
            }
        }

        return starts;
    }
}
