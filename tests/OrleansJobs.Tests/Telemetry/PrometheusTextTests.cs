using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Configuration;
using OrleansJobs.Telemetry;

namespace OrleansJobs.Tests.Telemetry;

public sealed class PrometheusTextTests : IDisposable
{
    private readonly Meter _meter = new($"test-{Guid.NewGuid()}");
    private readonly TelemetryPipelines _pipelines;

    public PrometheusTextTests()
    {
        var options = new JobTelemetryOptions { Runtime = false, Meters = [_meter.Name] };
        _pipelines = new TelemetryPipelines(options, new ConfigurationBuilder().AddInMemoryCollection([new("Orleans:Name", "silo-7")]).Build(), "test");
        _pipelines.Start();
    }

    [Fact]
    public void Counter_IsATotalWithItsLabels()
    {
        var counter = _meter.CreateCounter<long>("a.jobs", "{job}", "Help.");
        counter.Add(2, new KeyValuePair<string, object?>("queue", "q"));
        counter.Add(3, new KeyValuePair<string, object?>("queue", "q"));
        Assert.Contains("# HELP a_jobs_total Help.\n# TYPE a_jobs_total counter\na_jobs_total{queue=\"q\"} 5\n", Scrape());
    }

    [Fact]
    public void Histogram_HasCumulativeBucketsInItsUnit()
    {
        var histogram = _meter.CreateHistogram("b.duration", "s", "", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        histogram.Record(0.05);
        histogram.Record(0.5);
        histogram.Record(5);
        var text = Scrape();
        Assert.Contains("# TYPE b_duration_seconds histogram\n", text);
        Assert.Contains("b_duration_seconds_bucket{le=\"0.1\"} 1\nb_duration_seconds_bucket{le=\"1\"} 2\nb_duration_seconds_bucket{le=\"+Inf\"} 3\n", text);
        Assert.Contains("b_duration_seconds_sum 5.55\nb_duration_seconds_count 3\n", text);
    }

    [Fact]
    public void Gauge_IsReadAtTheScrape()
    {
        var value = 1.0;
        _meter.CreateObservableGauge("c.share", () => value, "1");
        Assert.Contains("c_share_ratio 1\n", Scrape());
        value = 0.25;
        Assert.Contains("# TYPE c_share_ratio gauge\nc_share_ratio 0.25\n", Scrape());
    }

    [Fact]
    public void Label_WhenItsValueHasQuotesAndLines_IsEscaped()
    {
        _meter.CreateCounter<int>("d").Add(1, new KeyValuePair<string, object?>("messaging.destination", "a\"b\\c\nd"));
        Assert.Contains("d_total{messaging_destination=\"a\\\"b\\\\c\\nd\"} 1\n", Scrape());
    }

    [Fact]
    public void Process_IsNamedOnce()
    {
        _meter.CreateCounter<int>("e").Add(1);
        var info = Assert.Single(Scrape().Split('\n'), line => line.StartsWith("target_info{", StringComparison.Ordinal));
        Assert.Contains("service_name=\"test\"", info);
        Assert.Contains("service_instance_id=\"silo-7\"", info);
    }

    [Fact]
    public void EveryLine_IsACommentOrASample()
    {
        for (var i = 0; i < 20; i++) _meter.CreateCounter<long>($"f.{i}", "By", "Help.").Add(i, new KeyValuePair<string, object?>("i", i));
        foreach (var line in Scrape().TrimEnd('\n').Split('\n').Where(line => line[0] != '#'))
        {
            Assert.Matches("""^[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\.)*",?)*\})? \S+$""", line);
            Assert.True(double.TryParse(line[(line.LastIndexOf(' ') + 1)..].Replace("+Inf", "Infinity"), CultureInfo.InvariantCulture, out _), line);
        }
    }

    public void Dispose()
    {
        _pipelines.Dispose();
        _meter.Dispose();
    }

    private string Scrape() => Encoding.UTF8.GetString(_pipelines.Scrape());
}
