namespace OrleansJobs.Faults.Scenarios;

internal static class ScenarioList
{
    public static readonly IReadOnlyList<Scenario> All = [.. SiloDeaths.All];

    public static Scenario? Find(string name) => All.FirstOrDefault(scenario => scenario.Name == name);
}
