using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Questions;

/// <summary>What work costs that consists of many jobs: chains, fan-outs and joins; and of ours, steps, signals and waiting.</summary>
internal sealed class Flows : Question
{
    private const int Links = 10;
    private const int Steps = 100;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    public override string Name => "flows";

    public override string Description => "Chains of ten jobs, and fan-outs of 1,000 with a join: jobs a second and the time of one; of ours also steps, the time from a signal to the flow that goes on, and what as many parked flows as --count says take.";

    public override string[] Peers => ["bullmq", "celery"];

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var measured = new Measured { Told = static (figure, value) => Console.Error.WriteLine($"{figure.Name}: {value:G5} {figure.Unit}") };
        var (chains, fans, fan) = settings.Smoke ? (20, 2, 70) : ((int)(5000 * contender.Scale), (int)(40 * contender.Scale), 1000);
        await WarmUpAsync(contender, settings);
        await RunAsync("chain", Links, chains / 4);
        await RunAsync("fan", fan, Math.Max(1, fans / 4));

        await ManyAsync("chains of ten", "chain", Links, chains);
        await ManyAsync($"fan-outs of {fan} and joins", "fan", fan, fans);
        await OneAsync("a chain of ten", "chain", Links, settings.Smoke ? 3 : 200);
        await OneAsync($"a fan-out of {fan} and its join", "fan", fan, settings.Smoke ? 2 : 30);
        if (contender is OurGrid own) await MeasureOwnAsync(own);
        return measured;

        async Task MeasureOwnAsync(OurGrid own)
        {
            await RunAsync("graph", Links, chains / 4);
            await ManyAsync("chains of ten as data", "graph", Links, chains);
            await RunAsync("after", Links, chains / 4);
            await ManyAsync("chains of ten by after", "after", Links, chains);
            await RunAsync("steps", Steps, chains / 40);
            await ManyAsync("steps", "steps", Steps, chains / 10);
            await SignalsAsync(own, "signal to resume");
            await ParkAsync(own, settings.CountOr(20_000, 200));
            await SignalsAsync(own, "signal to resume, with them parked");
        }

        async Task<double> RunAsync(string shape, int size, int count)
        {
            var answer = await contender.Producer.AskAsync("flows", new JsonObject { ["shape"] = shape, ["size"] = size, ["count"] = count, ["inflight"] = settings.InFlight > 0 ? settings.InFlight : 50 });
            return answer.GetProperty("seconds").GetDouble();
        }

        async Task ManyAsync(string what, string shape, int size, int count)
        {
            var cost = await Cost.StartAsync(contender);
            measured.High(what, shape == "steps" ? "steps/s" : "jobs/s", (double)count * size / await RunAsync(shape, size, count));
            await cost.AddToAsync(measured, what, (double)count * size);
        }

        async Task OneAsync(string what, string shape, int size, int count)
        {
            var answer = await contender.Producer.AskAsync("flowsOne", new JsonObject { ["shape"] = shape, ["size"] = size, ["count"] = count, ["pauseMs"] = 10 });
            measured.Latency(what, Record(Numbers(answer, "ms")));
        }

        async Task SignalsAsync(OurGrid own, string what)
        {
            var silo = own.Workers[0];
            await silo.AskAsync("resumed");
            var sent = await own.Producer.AskAsync("signals", new JsonObject { ["count"] = settings.Smoke ? 5 : 500, ["pauseMs"] = 5 });
            var resumed = Numbers(await silo.AskAsync("resumed"), "at").Order();
            measured.Latency(what, Record(Numbers(sent, "sent").Zip(resumed, (from, to) => to - from)))
                .Latency($"{what}: acknowledged", Record(Numbers(sent, "acknowledged")));
        }

        async Task ParkAsync(OurGrid own, int count)
        {
            var silo = own.Workers[0];
            var before = (await silo.AskAsync("resumed")).GetProperty("parked").GetInt64();
            var (store, resident) = (await own.StoreBytesAsync(), await ResidentAsync(own));
            var seconds = await SecondsAsync(async () =>
            {
                await own.Producer.AskAsync("park", new JsonObject { ["count"] = count, ["inflight"] = own.BatchesInFlight });
                for (var waited = TimeSpan.Zero; (await silo.AskAsync("resumed")).GetProperty("parked").GetInt64() < before + count; waited += Poll)
                {
                    if (waited > Patience) throw new TimeoutException($"Not all flows have parked within {Patience.TotalMinutes:0} minutes.");
                    await Task.Delay(Poll, TimeProvider.System);
                }
            });
            // The last of them have come to their wait, and it is being stored.
            await Task.Delay(TimeSpan.FromSeconds(settings.Smoke ? 0.2 : 2), TimeProvider.System);
            measured.High("flows parked", "/s", count / seconds)
                .Low("parked flow: store", "bytes", (await own.StoreBytesAsync() - store) / count)
                .Low("parked flow: silo resident", "bytes", (await ResidentAsync(own) - resident) / count);
        }
    }

    private static async Task<double> ResidentAsync(OurGrid own)
    {
        foreach (var worker in own.Workers) await worker.AskAsync("collect");
        return own.WorkerProcesses.Sum(ProcessFacts.ResidentBytes);
    }

    private static double[] Numbers(JsonElement answer, string name) => [.. answer.GetProperty(name).EnumerateArray().Select(number => number.GetDouble())];
}
