using System.Text.Json.Nodes;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench;

/// <summary>What the command line said. 0 means: what the question finds sensible.</summary>
internal sealed record Settings
{
    /// <summary>Peers that are asked the same in the same run, in this order.</summary>
    public IReadOnlyList<string> Against { get; init; } = [];

    /// <summary>Only the peers are asked, which says nothing about us, but something about their settings.</summary>
    public bool Alone { get; init; }
    public bool Smoke { get; init; }
    public int Repeats { get; init; } = 3;
    public int Count { get; init; }
    public int Seconds { get; init; }
    public int InFlight { get; init; }
    public int Batch { get; init; }
    public int Payload { get; init; }
    public int Connections { get; init; }
    public int Workers { get; init; }
    public int Slots { get; init; }
    public int Partitions { get; init; } = 32;
    public Layout Layout { get; init; }
    public Durability Durability { get; init; }

    /// <summary>The first jobs after a start are measured, and the next, in place of jobs that warm up what only the next are measured on.</summary>
    public bool Warm { get; init; }
    public Store Store { get; init; }

    /// <summary>Jobs or the like: as asked for, or a few where this only shows that it works.</summary>
    public int CountOr(int usual, int smoke) => Count > 0 ? Count : Smoke ? smoke : usual;

    public TimeSpan DurationOr(int usualSeconds) => TimeSpan.FromSeconds(Seconds > 0 ? Seconds : Smoke ? 1 : usualSeconds);

    public TimeSpan WarmUp => TimeSpan.FromSeconds(Smoke ? 0.1 : 6);

    public Stage Stage => new() { Workers = Math.Max(1, Workers), Slots = Slots, Partitions = Partitions, Durability = Durability, Store = Store, Layout = Layout };

    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["smoke"] = Smoke,
            ["repeats"] = Repeats,
            ["warm"] = Warm,
            ["partitions"] = Partitions,
            ["layout"] = Layout.ToString().ToLowerInvariant(),
            ["durability"] = Durability.ToString().ToLowerInvariant(),
            ["store"] = Store.ToString().ToLowerInvariant(),
        };
        foreach (var (name, value) in new[] { ("count", Count), ("seconds", Seconds), ("inFlight", InFlight), ("batch", Batch), ("payload", Payload), ("connections", Connections), ("workers", Workers), ("slots", Slots) })
            if (value > 0) json[name] = value;
        return json;
    }
}
