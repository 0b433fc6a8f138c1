using OrleansJobs.Faults.Histories;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Scenarios;

/// <summary>Runs a scenario once and says what came of it.</summary>
internal static class ScenarioRunner
{
    private const int MostPrinted = 20;

    /// <param name="without">A safeguard of the product that is turned off in all silos; null: none.</param>
    /// <param name="count">For scenarios that take one; 0: what they find sensible.</param>
    public static async Task<ScenarioResult> RunAsync(Scenario scenario, int seed, string? without = null, int count = 0)
    {
        if (WhyNot(scenario) is { } reason)
        {
            Console.Error.WriteLine($"SKIPPED {scenario.Name}: {reason}");
            return new ScenarioResult { Scenario = scenario.Name, Seed = seed, Skipped = reason };
        }

        var clock = TimeProvider.System;
        var started = clock.GetTimestamp();
        var directory = Directory.CreateTempSubdirectory($"faults-{scenario.Name}-").FullName;
        Console.Error.WriteLine($"--- {scenario.Name}, seed {seed}, in {directory}");
        List<Violation> violations;
        var run = new FaultRun(directory, seed, without, count);
        await using (run)
        {
            try
            {
                await scenario.RunAsync(run);
                violations = await run.CheckAsync();
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                violations = [new(Rules.Scenario, "", $"it broke off: {exception}")];
            }
        }

        var result = Describe(scenario, seed, run, violations, clock.GetElapsedTime(started));
        if (violations.Count == 0) Directory.Delete(directory, recursive: true);
        else Print(scenario, seed, without, count, directory, violations);
        return result;
    }

    /// <summary>Null where a scenario can be run here; otherwise why not.</summary>
    private static string? WhyNot(Scenario scenario) => (scenario.NeedsNetwork ? NetworkLab.WhyNot() : null) ?? (scenario.NeedsDisk ? LoopDisk.WhyNot() : null);

    private static ScenarioResult Describe(Scenario scenario, int seed, FaultRun run, List<Violation> violations, TimeSpan took)
    {
        var result = new ScenarioResult
        {
            Scenario = scenario.Name, Seed = seed, Violations = violations.Count, Seconds = Math.Round(took.TotalSeconds, 1), Figures = run.Figures,
            Broken = [.. violations.GroupBy(violation => violation.Rule).Select(group => $"{group.Key} x{group.Count()}")],
        };
        if (run.History is not { } history) return result;
        var jobs = JobRuns.Of(history.Marks).Values;
        return result with
        {
            Jobs = history.Submits.Count, Accepted = history.Submits.Count(submit => submit.AcceptedAt is not null),
            Starts = history.Marks.Count(mark => mark.Kind == RunMarkKind.Started), Repeated = jobs.Count(job => job.Attempts.Count > 1),
            Readings = history.Readings.Count, Faults = history.Faults.Count, RecoveryMs = Recovery.Times(history, run.TimesRecoveryOf),
        };
    }

    private static void Print(Scenario scenario, int seed, string? without, int count, string directory, List<Violation> violations)
    {
        foreach (var violation in violations.Take(MostPrinted)) Console.Error.WriteLine($"  {violation}");
        if (violations.Count > MostPrinted) Console.Error.WriteLine($"  and {violations.Count - MostPrinted} more");
        File.WriteAllLines(Path.Combine(directory, "violations.txt"), violations.Select(violation => violation.ToString()));
        Console.Error.WriteLine($"  logs: {directory}");
        Console.Error.WriteLine($"  replay: dotnet run -c Release --project tests/Faults -- {scenario.Command} --seed {seed}{(without is null ? "" : $" --without {without}")}{(count == 0 ? "" : $" --count {count}")}");
    }
}
