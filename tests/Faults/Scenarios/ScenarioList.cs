namespace OrleansJobs.Faults.Scenarios;

internal static class ScenarioList
{
    public static readonly IReadOnlyList<Scenario> All = 
    [
        .. SiloDeaths.All, .. Stops.All, .. Restarts.All, .. CrashPointWalk.All, .. StoreTrouble.All, .. Failovers.All, .. Clocks.All, .. Gateways.All,
        .. BadHandlers.All, .. HeavyLoads.All, .. LostNews.All, .. FileStores.All,
        .. Flows.All, .. LetterCrashes.All, .. Followers.All, .. Schedules.All, .. Keys.All, .. QueueLimits.All, .. Tenants.All, .. OutsideWorkers.All, .. Canvases.All, .. Webhooks.All, .. Topics.All, .. BulkActions.All,
    ];

    public static Scenario? Find(string name) => All.FirstOrDefault(scenario => scenario.Name == name);
}
