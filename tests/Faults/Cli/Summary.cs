using System.Text.Json;
using OrleansJobs.Faults.Scenarios;

namespace OrleansJobs.Faults.Cli;

/// <summary>The last line of a command: one JSON object with all that was counted.</summary>
internal static class Summary
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull };

    public static string Of(IReadOnlyList<ScenarioResult> runs) => JsonSerializer.Serialize(
        new
        {
            Runs = runs.Count,
            Passed = runs.Count(run => run.Violations == 0 && run.Skipped is null),
            Failed = runs.Count(run => run.Violations > 0),
            Skipped = runs.Count(run => run.Skipped is not null),
            Jobs = runs.Sum(run => run.Jobs),
            Accepted = runs.Sum(run => run.Accepted),
            Starts = runs.Sum(run => run.Starts),
            Repeated = runs.Sum(run => run.Repeated),
            Faults = runs.Sum(run => run.Faults),
            Recovery = RecoverySummary.Of(runs.SelectMany(run => run.RecoveryMs)),
            Each = runs,
        },
        Json);
}
