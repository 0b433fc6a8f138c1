using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace OrleansJobs.Telemetry;

/// <summary>
/// Metrics in Prometheus' text format, version 0.0.4, by OpenTelemetry's rules for names: dots become underscores, the unit is spelt out at the
/// end, and counters end in <c>_total</c>. Used by one scrape at a time.
/// </summary>
internal sealed class PrometheusText : BaseExporter<Metric>
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();
    private string _instance = "";

    /// <summary>What the last collection wrote.</summary>
    public byte[] Take()
    {
        var bytes = Encoding.UTF8.GetBytes(_text.ToString());
        _text.Clear();
        return bytes;
    }

    public override ExportResult Export(in Batch<Metric> batch)
    {
        _text.Clear();
        if (_instance.Length == 0) WriteTarget();
        _text.Append(_instance);
        var metrics = new List<(string Name, Metric Metric)>();
        foreach (var metric in batch) metrics.Add((NameOf(metric), metric));
        // A family is written once, whatever number of meters it comes from.
        foreach (var family in metrics.GroupBy(entry => entry.Name, StringComparer.Ordinal).OrderBy(family => family.Key, StringComparer.Ordinal))
        {
            WriteHead(family.Key, family.First().Metric);
            foreach (var (name, metric) in family) WritePoints(name, metric);
        }

        return ExportResult.Success;
    }

    internal static string NameOf(Metric metric)
    {
        var name = new StringBuilder();
        foreach (var c in metric.Name) name.Append(char.IsAsciiLetterOrDigit(c) || c is ':' or '_' ? c : '_');
        var unit = metric.Unit switch
        {
            "s" => "seconds",
            "ms" => "milliseconds",
            "By" => "bytes",
            "1" when metric.MetricType is MetricType.DoubleGauge or MetricType.LongGauge => "ratio",
            _ => null,
        };
        if (unit is not null && !metric.Name.EndsWith(unit, StringComparison.Ordinal)) name.Append('_').Append(unit);
        if (IsCounter(metric)) name.Append("_total");
        return name.ToString();
    }

    private static bool IsCounter(Metric metric) => metric.MetricType is MetricType.LongSum or MetricType.DoubleSum;

    private void WriteTarget()
    {
        var line = new StringBuilder("# HELP target_info The process that these metrics are of.\n# TYPE target_info gauge\ntarget_info");
        var resource = ParentProvider?.GetResource().Attributes.Select(pair => (pair.Key, (object?)pair.Value)).ToList() ?? [];
        WriteLabels(line, resource);
        _instance = line.Append(" 1\n").ToString();
    }

    private void WriteHead(string name, Metric metric)
    {
        _text.Append("# HELP ").Append(name).Append(' ').Append(metric.Description.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(metric.MetricType switch
        {
            MetricType.LongSum or MetricType.DoubleSum => "counter",
            MetricType.Histogram => "histogram",
            _ => "gauge",
        }).Append('\n');
    }

    private void WritePoints(string name, Metric metric)
    {
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var labels = new List<(string, object?)>();
            foreach (var tag in point.Tags) labels.Add((tag.Key, tag.Value));
            switch (metric.MetricType)
            {
                case MetricType.LongSum or MetricType.LongSumNonMonotonic:
                    WriteLine(name, labels, point.GetSumLong());
                    break;
                case MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic:
                    WriteLine(name, labels, point.GetSumDouble());
                    break;
                case MetricType.LongGauge:
                    WriteLine(name, labels, point.GetGaugeLastValueLong());
                    break;
                case MetricType.DoubleGauge:
                    WriteLine(name, labels, point.GetGaugeLastValueDouble());
                    break;
                case MetricType.Histogram:
                    WriteHistogram(name, labels, point);
                    break;
            }
        }
    }

    private void WriteHistogram(string name, List<(string, object?)> labels, in MetricPoint point)
    {
        long below = 0;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            below += bucket.BucketCount;
            WriteLine($"{name}_bucket", [.. labels, ("le", Number(bucket.ExplicitBound))], below);
        }

        WriteLine($"{name}_sum", labels, point.GetHistogramSum());
        WriteLine($"{name}_count", labels, point.GetHistogramCount());
    }

    private void WriteLine(string name, List<(string, object?)> labels, double value)
    {
        _text.Append(name);
        WriteLabels(_text, labels);
        _text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static void WriteLabels(StringBuilder text, List<(string Name, object? Value)> labels)
    {
        if (labels.Count == 0) return;
        var separator = '{';
        foreach (var (name, value) in labels)
        {
            text.Append(separator);
            separator = ',';
            foreach (var c in name) text.Append(char.IsAsciiLetterOrDigit(c) || c == '_' ? c : '_');
            text.Append("=\"");
            var word = value switch
            {
                null => "",
                bool flag => flag ? "true" : "false",
                _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
            };
            foreach (var c in word)
            {
                _ = c switch
                {
                    '\\' => text.Append(@"\\"),
                    '"' => text.Append("\\\""),
                    '\n' => text.Append(@"\n"),
                    _ => text.Append(c),
                };
            }

            text.Append('"');
        }

        text.Append('}');
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        double.NaN => "NaN",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };
}
