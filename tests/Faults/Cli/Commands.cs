using OrleansJobs.Diagnostics;
using OrleansJobs.Faults.Scenarios;

namespace OrleansJobs.Faults.Cli;

/// <summary>What the driver can be told to do.</summary>
internal static class Commands
{
    private static readonly string Usage = $$"""
        list                                   the scenarios
        run NAME... [--seed N] [--times K]     each so often, with seeds N, N+1, ...; the name "all" is every one of them
            [--count N]                        so many faults, in scenarios that take a number of them: {{string.Join(", ", ScenarioList.All.Where(scenario => scenario.TakesCount).Select(scenario => scenario.Name))}}
            [--without SAFEGUARD]              with a safeguard turned off (several with commas), which must not go well:
                                               {{string.Join(", ", Enum.GetNames<Safeguard>().Where(name => name != nameof(Safeguard.None)))}}
        safeguards [NAME...] [--seed N]        each safeguard turned off in turn, or those of the scenarios named, whether its scenario notices
        soak [--minutes M] [--seed N]          random faults for so long
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            return args.FirstOrDefault() switch
            {
                "list" => List(),
                "run" => await RunScenariosAsync(new Arguments(args[1..], "--seed", "--times", "--count", "--without")),
                "safeguards" => await RunSafeguardsAsync(new Arguments(args[1..], "--seed")),
                "soak" => await SoakAsync(new Arguments(args[1..], "--seed", "--minutes")),
                _ => Fail(Usage),
            };
        }
        catch (ArgumentException exception)
        {
            return Fail($"{exception.Message}\n{Usage}");
        }
    }

    private static int List()
    {
        foreach (var scenario in ScenarioList.All) Console.WriteLine($"{scenario.Name,-24} {scenario.Summary}");
        return 0;
    }

    private static async Task<int> RunScenariosAsync(Arguments arguments)
    {
        if (arguments.Words.Count == 0) throw new ArgumentException("Name a scenario; \"list\" lists them.");
        var scenarios = arguments.Words is ["all"]
            ? ScenarioList.All
            : [.. arguments.Words.Select(name => ScenarioList.Find(name) ?? throw new ArgumentException($"There is no scenario {name}."))];
        var seed = arguments.Number("--seed", Random.Shared.Next(1, 1_000_000));
        var without = arguments.Text("--without");
        if (without is not null && !Enum.TryParse<Safeguard>(without, out _)) throw new ArgumentException($"There is no safeguard {without}.");
        var count = arguments.Number("--count", 0);
        if (count != 0 && scenarios.FirstOrDefault(scenario => !scenario.TakesCount) is { } other) throw new ArgumentException($"The scenario {other.Name} takes no --count.");
        if (count < 0) throw new ArgumentException("Option --count takes a number above 0.");
        var results = new List<ScenarioResult>();
        foreach (var scenario in scenarios)
        {
            for (var i = 0; i < arguments.Number("--times", 1); i++)
            {
                var result = await ScenarioRunner.RunAsync(scenario, seed + i, without, count);
                var recovery = result.Recovery is { } times ? $", {times.Jobs} jobs ran again after {times.P50} ms (p50), {times.Max} ms (max)" : "";
                Console.Error.WriteLine(
                    $"{(result.Skipped is not null ? "skipped" : result.Violations == 0 ? "passed" : "FAILED")} {scenario.Name} seed {result.Seed}: {result.Accepted} jobs, {result.Faults} faults, {result.Repeated} repeated{recovery}, {result.Seconds} s");
                results.Add(result);
            }
        }

        return Finish(results);
    }

    /// <returns>1 where a scenario has noticed nothing.</returns>
    private static async Task<int> RunSafeguardsAsync(Arguments arguments)
    {
        if (arguments.Words.Find(word => !SafeguardTrials.All.Any(trial => trial.Is(word))) is { } unknown) throw new ArgumentException($"No safeguard is tried with {unknown}.");
        var trials = SafeguardTrials.All.Where(trial => arguments.Words.Count == 0 || arguments.Words.Exists(trial.Is)).ToList();
        var runs = new List<ScenarioResult>();
        var blind = 0;
        foreach (var trial in trials)
        {
            var (isRed, tried) = await SafeguardTrials.RunAsync(trial, arguments.Number("--seed", Random.Shared.Next(1, 1_000_000)));
            var isSkipped = tried[^1].Skipped is not null;
            if (!isRed && !isSkipped) blind++;
            Console.Error.WriteLine($"{(isRed ? "red" : isSkipped ? "skipped" : "BLIND")} {trial.Name}: expected {trial.Rule}, found {string.Join(", ", tried[^1].Broken)}");
            runs.AddRange(tried);
        }

        Console.WriteLine(Summary.Of(runs));
        return blind > 0 ? 1 : 0;
    }

    private static async Task<int> SoakAsync(Arguments arguments)
    {
        var scenario = Soak.Of(TimeSpan.FromMinutes(arguments.Number("--minutes", 10)));
        return Finish([await ScenarioRunner.RunAsync(scenario, arguments.Number("--seed", Random.Shared.Next(1, 1_000_000)))]);
    }

    private static int Finish(List<ScenarioResult> results)
    {
        Console.WriteLine(Summary.Of(results));
        return results.Any(result => result.Violations > 0) ? 1 : 0;
    }

    private static int Fail(string text)
    {
        Console.Error.WriteLine(text);
        return 2;
    }
}
