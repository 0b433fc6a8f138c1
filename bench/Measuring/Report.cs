using System.Globalization;
using System.Text.Json.Nodes;

namespace OrleansJobs.Bench.Measuring;

/// <summary>All repetitions of all contenders: a table for people, one JSON line for machines.</summary>
internal sealed class Report(string question, JsonObject settings, IReadOnlyList<string> contenders)
{
    /// <summary>The contender that is compared with the others.</summary>
    public const string Ours = "orleansjobs";

    private readonly string[] _peers = [.. contenders.Where(contender => contender != Ours)];
    private readonly bool _hasOurs = contenders.Contains(Ours);
    private readonly List<Figure> _figures = [];
    private readonly Dictionary<string, string> _synced = [];
    private readonly Dictionary<(Figure, string), Series> _series = [];

    /// <summary>What a contender syncs to the disk, and when: without it a figure says little.</summary>
    public void SyncedBy(string contender, string what) => _synced[contender] = what;

    public void Add(string contender, Measured measured)
    {
        foreach (var (figure, value) in measured.Values)
        {
            if (!_figures.Contains(figure)) _figures.Add(figure);
            if (!_series.TryGetValue((figure, contender), out var series)) _series[(figure, contender)] = series = new();
            series.Add(value);
        }
    }

    public void WriteTable(TextWriter output)
    {
        string[] head = ["figure", "unit", "durability", .. contenders.SelectMany(contender => (string[])(IsCompared(contender) ? [contender, "ratio"] : [contender]))];
        var rows = new List<string[]> { head };
        foreach (var figure in _figures)
        {
            rows.Add(
            [
                figure.Name, figure.Unit, Durability, .. contenders.SelectMany(contender =>
                    (string[])(IsCompared(contender) ? [Cell(figure, contender), Ratio(figure, contender) is { } ratio ? Number(ratio) : "-"] : [Cell(figure, contender)])),
            ]);
        }

        var widths = Enumerable.Range(0, head.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        output.WriteLine();
        for (var i = 0; i < rows.Count; i++)
        {
            output.WriteLine("| " + string.Join(" | ", rows[i].Select((cell, column) => cell.PadRight(widths[column]))) + " |");
            if (i == 0) output.WriteLine("|" + string.Join("|", widths.Select(width => new string('-', width + 2))) + "|");
        }

        output.WriteLine();
        output.WriteLine($"Medians of {_series.Values.Max(series => series.Count)} (minimum to maximum). ratio = ours / theirs. durability = what is synced to the disk, and when.");
    }

    /// <summary>The first figure at the top, all of them below. <c>theirs</c> and <c>ratio</c> are of the first peer; <c>peers</c> has those of each.</summary>
    public string ToJson()
    {
        var peer = _peers.FirstOrDefault();
        var figures = new JsonObject();
        foreach (var figure in _figures)
        {
            var entry = new JsonObject { ["unit"] = figure.Unit, ["better"] = figure.Better == Better.Higher ? "higher" : "lower" };
            if (_series.TryGetValue((figure, Ours), out var own)) entry["ours"] = Json(own);
            if (peer is not null && _series.TryGetValue((figure, peer), out var theirs)) entry["theirs"] = Json(theirs);
            if (Rounded(Ratio(figure, peer)) is { } ratio) entry["ratio"] = ratio;
            if (_peers.Length > 0) entry["peers"] = Peers(figure);
            figures[figure.Name] = entry;
        }

        var machine = Machine.Here();
        var json = new JsonObject
        {
            ["question"] = question,
            ["against"] = peer,
            ["figure"] = _figures[0].Name,
            ["unit"] = _figures[0].Unit,
            ["ours"] = MedianOf(_figures[0], Ours),
            ["theirs"] = MedianOf(_figures[0], peer),
            ["ratio"] = Rounded(Ratio(_figures[0], peer)),
            ["synced"] = new JsonObject { ["ours"] = _synced.GetValueOrDefault(Ours), ["theirs"] = peer is null ? null : _synced.GetValueOrDefault(peer) },
            ["peers"] = new JsonObject(_peers.Select(name => KeyValuePair.Create<string, JsonNode?>(name, new JsonObject
            {
                ["theirs"] = MedianOf(_figures[0], name), ["ratio"] = Rounded(Ratio(_figures[0], name)), ["synced"] = _synced.GetValueOrDefault(name),
            }))),
            ["figures"] = figures,
            ["settings"] = settings,
            ["commit"] = Machine.Commit(),
            ["machine"] = new JsonObject
            {
                ["processor"] = machine.Processor,
                ["cores"] = machine.Cores,
                ["memoryGiB"] = machine.MemoryGiB,
                ["kernel"] = machine.Kernel,
                ["runtime"] = machine.Runtime,
            },
        };
        return json.ToJsonString();
    }

    private string Durability => _synced.Values.Distinct().Count() < 2 ? string.Join("", _synced.Values.Take(1)) + (_synced.Count > 2 ? ", all" : _synced.Count > 1 ? ", both" : "")
        : string.Join("; ", contenders.Select(contender => $"{(contender == Ours ? "ours" : _peers.Length > 1 ? contender : "theirs")} {_synced[contender]}"));

    /// <summary>Ours is held against it.</summary>
    private bool IsCompared(string contender) => _hasOurs && contender != Ours;

    /// <summary>What each peer has of a figure.</summary>
    private JsonObject Peers(Figure figure)
    {
        var peers = new JsonObject();
        foreach (var name in _peers)
        {
            if (!_series.TryGetValue((figure, name), out var series)) continue;
            var one = new JsonObject { ["theirs"] = Json(series) };
            if (Rounded(Ratio(figure, name)) is { } ratio) one["ratio"] = ratio;
            peers[name] = one;
        }

        return peers;
    }

    private string Cell(Figure figure, string contender) => !_series.TryGetValue((figure, contender), out var series) ? "-"
        : series.Count == 1 ? Number(series.Median)
        : $"{Number(series.Median)} ({Number(series.Min)} to {Number(series.Max)})";

    private double? Ratio(Figure figure, string? peer) =>
        peer is not null && _series.TryGetValue((figure, Ours), out var ours) && _series.TryGetValue((figure, peer), out var theirs) && theirs.Median != 0
            ? ours.Median / theirs.Median
            : null;

    private double? MedianOf(Figure figure, string? contender) =>
        contender is not null && _series.TryGetValue((figure, contender), out var series) ? Round(series.Median) : null;

    private static JsonObject Json(Series series) =>
        new() { ["median"] = Round(series.Median), ["min"] = Round(series.Min), ["max"] = Round(series.Max) };

    private static double? Rounded(double? value) => value is { } some ? Round(some) : null;

    private static double Round(double value) =>
        value == 0 || !double.IsFinite(value) ? 0 : Math.Abs(value) >= 1000 ? Math.Round(value) : double.Parse(value.ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static string Number(double value) =>
        Math.Abs(value) >= 100 ? value.ToString("N0", CultureInfo.InvariantCulture) : value.ToString("G3", CultureInfo.InvariantCulture);
}
