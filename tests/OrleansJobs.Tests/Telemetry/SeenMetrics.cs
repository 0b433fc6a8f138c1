using System.Collections.Concurrent;
using System.Globalization;

namespace OrleansJobs.Tests.Telemetry;

/// <summary>What scrapes have shown so far, series by series, so that one can ask what has moved.</summary>
internal sealed class SeenMetrics
{
    private readonly ConcurrentDictionary<(Uri Process, string Series), HashSet<double>> _values = new();
    private readonly ConcurrentDictionary<string, string> _kinds = new();

    public void Add(Uri process, string text)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal)) _kinds[line.Split(' ')[2]] = line.Split(' ')[3];
            if (line[0] == '#') continue;
            var space = line.LastIndexOf(' ');
            var values = _values.GetOrAdd((process, line[..space]), _ => []);
            lock (values) values.Add(double.Parse(line[(space + 1)..], CultureInfo.InvariantCulture));
        }
    }

    public bool HasSeen(Uri process) => _values.Keys.Any(series => series.Process == process);

    /// <summary>A gauge of which two values were seen; a counter or histogram that has counted.</summary>
    public bool HasMoved(string family) => _values.Any(pair => FamilyOf(pair.Key.Series) == family && (_kinds[family] == "gauge" ? pair.Value.Count > 1 : pair.Value.Any(value => value > 0)));

    public bool Has(string series, Func<double, bool> value) => _values.Any(pair => pair.Key.Series.StartsWith(series, StringComparison.Ordinal) && pair.Value.Any(value));

    private string FamilyOf(string series)
    {
        var name = series.Split('{')[0];
        if (_kinds.ContainsKey(name)) return name;
        var cut = name.LastIndexOf('_');
        return cut < 0 ? name : name[..cut];
    }
}
