using System.Text.Json.Serialization;
using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>What one run counted.</summary>
internal sealed record ScenarioResult
{
    public required string Scenario { get; init; }
    public required int Seed { get; init; }
    public string? Skipped { get; init; }
    public int Violations { get; init; }
    public string[] Broken { get; init; } = [];
    public int Jobs { get; init; }
    public int Accepted { get; init; }
    public int Starts { get; init; }
    public int Repeated { get; init; }
    public int Readings { get; init; }
    public int Faults { get; init; }
    public double Seconds { get; init; }
    public IReadOnlyDictionary<string, double> Figures { get; init; } = new Dictionary<string, double>();

    /// <summary>Of every job that a fault hit, ascending.</summary>
    [JsonIgnore] public List<double> RecoveryMs { get; init; } = [];

    public RecoverySummary? Recovery => RecoverySummary.Of(RecoveryMs);
}

/// <summary>Milliseconds from a fault until the jobs it hit ran again.</summary>
internal sealed record RecoverySummary(int Jobs, double P50, double Max)
{
    public static RecoverySummary? Of(IEnumerable<double> times)
    {
        var sorted = times.Order().ToList();
        return sorted.Count == 0 ? null : new(sorted.Count, Math.Round(Histories.Recovery.Percentile(sorted, 0.5)), Math.Round(sorted[^1]));
    }
}
