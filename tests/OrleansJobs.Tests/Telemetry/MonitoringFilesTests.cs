using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Diagnostics;
using OrleansJobs.Telemetry;
using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Kubernetes;

namespace OrleansJobs.Tests.Telemetry;

public sealed class MonitoringFilesTests
{
    /// <summary>The web server's own metrics are the whole process's: whether they show depends on what else runs in it.</summary>
    private static readonly string[] OfTheServer = ["http_", "kestrel_", "aspnetcore_"];

    [Fact]
    public void Expressions_ReadOnlyMetricsThatThereAre()
    {
        var families = ExportedFamilies();
        var wrong = from entry in MonitoringFiles.All
                    from family in MonitoringFiles.FamiliesIn(entry.Expression)
                    where family.StartsWith("orleansjobs_", StringComparison.Ordinal) || family.StartsWith("messaging_", StringComparison.Ordinal)
                    where !families.Contains(family)
                    select $"{entry.Where} reads {family}";
        Assert.Empty(wrong);
    }

    [Fact]
    public void EveryMetricOfOurs_IsOnTheDashboard()
    {
        var shown = MonitoringFiles.Panels.SelectMany(panel => MonitoringFiles.FamiliesIn(panel.Expression)).ToHashSet();
        Assert.Empty(ExportedFamilies().Except(shown));
    }

    [Fact]
    public void EveryMetricOfOurs_IsInTheTableOfThePage()
    {
        var page = Repository.Read("docs/OPERATING.md");
        Assert.All(ExportedFamilies(), family => Assert.Contains($"\n| `{family}` | ", page));
    }

    [Fact]
    public void EveryAlert_HasItsParagraphInTheRunbookAndItsCase()
    {
        Assert.NotEmpty(MonitoringFiles.Alerts);
        var headings = Repository.Read("docs/OPERATING.md").Split('\n').Where(line => line.StartsWith("### ", StringComparison.Ordinal)).Select(line => line[4..].Trim()).ToHashSet();
        Assert.Empty(MonitoringFiles.Alerts.Select(alert => alert.Where).Except(headings));

        var cases = Repository.Read("k8s/monitoring/alerts.test.yaml");
        Assert.All(MonitoringFiles.Alerts, alert => Assert.Contains($"- name: {alert.Where}\n", cases));
        Assert.All(MonitoringFiles.Alerts, alert => Assert.Contains($"alertname: {alert.Where}, eval_time: 50m, exp_alerts: []", cases));
    }

    [Fact]
    public void EveryAlert_PointsAtItsParagraph()
    {
        foreach (var rule in Yaml.ReadAll(Repository.Read("k8s/monitoring/alerts.yaml")).SelectMany(rules => KubeObject.List(rules, "groups")).SelectMany(group => KubeObject.List(group, "rules")))
        {
            Assert.Equal($"docs/OPERATING.md#{rule["alert"]!.ToString().ToLowerInvariant()}", KubeObject.At(rule, "annotations.runbook")!.ToString());
            Assert.Contains(KubeObject.At(rule, "labels.severity")!.ToString(), new[] { "critical", "warning" });
        }
    }

    [PromtoolFact]
    public void Rules_FireWhereTheyShouldAndNowhereElse()
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", ["test", "rules", Repository.PathOf("k8s/monitoring/alerts.test.yaml")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = promtool.StandardError.ReadToEndAsync();
        var output = promtool.StandardOutput.ReadToEnd();
        promtool.WaitForExit();
        Assert.True(promtool.ExitCode == 0, output + errors.Result);
    }

    /// <summary>What a scrape of a silo and of a client shows once every instrument has been used.</summary>
    private static HashSet<string> ExportedFamilies()
    {
        using var pipelines = new TelemetryPipelines(new JobTelemetryOptions { Runtime = false }, new ConfigurationBuilder().Build(), "test");
        pipelines.Start();
        using var services = new ServiceCollection().AddSingleton(TimeProvider.System).AddJobDiagnostics().BuildServiceProvider();
        var meters = services.GetRequiredService<JobMeters>();
        meters.Submitted("q", "t");
        meters.Finished("q", "t", JobState.Success);
        meters.AttemptEnded("q", "t", "succeeded");
        meters.Lateness("q", "t", TimeSpan.Zero);
        meters.Processed("q", "t", TimeSpan.Zero);
        meters.Commit(1, TimeSpan.Zero);
        using var partition = meters.Partitions.OpenPartition();
        partition.Show(new Dictionary<(string, string), LaneFigures> { [("q", "t")] = LaneFigures.None with { Running = 1 } });
        new JobClientMeters(services.GetRequiredService<IMeterFactory>()).Sent("q", SubmitOutcome.Accepted, 1, TimeSpan.Zero);

        return
        [
            .. Encoding.UTF8.GetString(pipelines.Scrape()).Split('\n')
                .Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal))
                .Select(line => line.Split(' ')[2])
                .Where(name => name != "target_info" && !OfTheServer.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal))),
        ];
    }
}

/// <summary>Runs where Prometheus' promtool is installed, and says so where it is not.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PromtoolFactAttribute : FactAttribute
{
    public PromtoolFactAttribute()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (!folders.Any(folder => File.Exists(Path.Combine(folder, "promtool"))))
            Skip = "promtool is not installed: the alert rules are not played through. Install Debian's prometheus and run again.";
    }
}
