using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using OrleansJobs.Tests.Infrastructure;
using OrleansJobs.Tests.Kubernetes;

namespace OrleansJobs.Tests.Telemetry;

/// <summary>The alert rules and the dashboard, as files.</summary>
internal static partial class MonitoringFiles
{
    public static IReadOnlyList<(string Where, string Expression)> Alerts { get; } =
    [
        .. from rules in Yaml.ReadAll(Repository.Read("k8s/monitoring/alerts.yaml"))
           from @group in KubeObject.List(rules, "groups")
           from rule in KubeObject.List(@group, "rules")
           select (rule["alert"]!.ToString(), rule["expr"]!.ToString()),
    ];

    public static IReadOnlyList<(string Where, string Expression)> Panels { get; } =
    [
        .. from panel in KubeObject.List(JsonNode.Parse(Repository.Read("k8s/monitoring/dashboard.json")), "panels")
           from target in KubeObject.List(panel, "targets")
           select (panel["title"]!.ToString(), target["expr"]!.ToString()),
    ];

    public static IEnumerable<(string Where, string Expression)> All => Alerts.Concat(Panels);

    /// <summary>The families that an expression reads: a histogram's by its own name.</summary>
    public static IEnumerable<string> FamiliesIn(string expression) => Metric().Matches(Labels().Replace(expression, ""))
        .Select(match => match.Value)
        .Distinct();

    [GeneratedRegex(@"\{[^}]*\}|\b(by|on)\s*\([^)]*\)")]
    private static partial Regex Labels();

    [GeneratedRegex(@"\b(orleansjobs|messaging|http_server|dotnet)_[a-z_]+?(?=(_bucket|_count|_sum)?\b)")]
    private static partial Regex Metric();
}
