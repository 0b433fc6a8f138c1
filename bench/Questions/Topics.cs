using System.Diagnostics;
using System.Text.Json.Nodes;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;
using OrleansJobs.Topics;

namespace OrleansJobs.Bench.Questions;

/// <summary>What is made of events: how fast the bindings that fit are found among many, and how fast their jobs are stored.</summary>
internal sealed class Topics : Question
{
    public override string Name => "topics";

    public override string Description => "Events a second with one job each, alone and among as many bindings as --count says (100,000); with 100 jobs each; how fast bindings are put; and what it takes to find those that fit.";

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var measured = new Measured { Told = static (figure, value) => Console.Error.WriteLine($"{figure.Name}: {value:G5} {figure.Unit}") };
        var (bindings, events) = (settings.CountOr(100_000, 200), settings.Smoke ? 200 : 100_000);
        await WarmUpAsync(contender, settings);
        await BindAsync(contender, 0, 100, 1);
        await PublishAsync(contender, measured, "among 100 bindings", events, 256, 100);
        measured.High("bindings put", "/s", (bindings - 100) / await BindAsync(contender, 100, bindings, 1));
        await PublishAsync(contender, measured, $"among {bindings:N0} bindings", events, 256, bindings);
        await PublishAsync(contender, measured, $"among {bindings:N0} bindings, one at a time", events / 50, 1, bindings);
        await BindAsync(contender, 0, Math.Min(bindings, 10_000), 100);
        await PublishAsync(contender, measured, "100 jobs each", events / 100, 16, Math.Min(bindings, 10_000) / 100);
        Match(measured, bindings, settings.Smoke ? 1000 : 200_000);
        return measured;
    }

    private static async Task<double> BindAsync(Contender contender, int from, int to, int each) =>
        (await contender.Producer.AskAsync("bind", new JsonObject { ["from"] = from, ["to"] = to, ["each"] = each })).GetProperty("seconds").GetDouble();

    private static async Task PublishAsync(Contender contender, Measured measured, string what, int count, int inFlight, int customers)
    {
        // Until the bindings have been fetched.
        await contender.Producer.AskAsync("publish", new JsonObject { ["count"] = Math.Max(100, count / 20), ["inFlight"] = inFlight, ["customers"] = customers });
        await contender.FinishedAsync();
        var answer = await contender.Producer.AskAsync("publish", new JsonObject { ["count"] = count, ["inFlight"] = inFlight, ["customers"] = customers });
        measured.High($"events, {what}", "/s", count / answer.GetProperty("seconds").GetDouble())
            .Latency(what, Record(answer.GetProperty("milliseconds").EnumerateArray().Select(value => value.GetDouble())));
        await contender.FinishedAsync();
    }

    /// <summary>Without a grid: exact keys, one word that may be any, and any number of words in front, a third each.</summary>
    private static void Match(Measured measured, int bindings, int keys)
    {
        var tree = new TopicTrie<string>();
        for (var i = 0; i < bindings; i++)
        {
            tree.Add((i % 3) switch
            {
                0 => $"orders.{i}.eu.created",
                1 => $"orders.{i - 1}.*.created",
                _ => $"#.{i - 2}.eu.#",
            }, $"b-{i}");
        }

        var found = 0L;
        Run(keys / 10);
        found = 0;
        var began = Stopwatch.GetTimestamp();
        Run(keys);
        var microseconds = Stopwatch.GetElapsedTime(began).TotalMicroseconds / keys;
        if (found != 3L * keys) throw new InvalidOperationException($"{found} were found, and not {3L * keys}.");
        measured.Low($"finding 3 of {bindings:N0}", "us", microseconds);

        void Run(int times)
        {
            for (var i = 0; i < times; i++) found += tree.Match($"orders.{(i * 7919L) % (bindings / 3) * 3}.eu.created").Count;
        }
    }
}
