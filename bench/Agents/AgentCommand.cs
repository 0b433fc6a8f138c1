using System.CommandLine;

namespace OrleansJobs.Bench.Agents;

/// <summary>How this program starts itself as a silo or as a client of one. Not for people.</summary>
internal static class AgentCommand
{
    public static Command Create()
    {
        var role = new Argument<string>("role");
        role.AcceptOnlyFromAmong("silo", "client");
        var name = new Option<string>("--name") { Required = true };
        var redis = new Option<int>("--redis") { Required = true };
        var partitions = new Option<int>("--partitions") { Required = true };
        var slots = new Option<int>("--slots");
        var gatewayPort = new Option<int>("--gateway-port");
        var http = new Option<int>("--http");
        var sqlite = new Option<string?>("--sqlite");
        var sync = new Option<bool>("--sync");
        var command = new Command("agent", "Started by the other commands.") { Hidden = true };
        command.Add(role);
        foreach (var option in (Option[])[name, redis, partitions, slots, gatewayPort, http, sqlite, sync]) command.Add(option);
        command.SetAction(async (parsed, _) =>
        {
            var settings = new AgentSettings
            {
                Role = parsed.GetValue(role)!,
                Redis = parsed.GetValue(redis),
                Name = parsed.GetValue(name)!,
                Partitions = parsed.GetValue(partitions),
                Slots = parsed.GetValue(slots),
                GatewayPort = parsed.GetValue(gatewayPort),
                Http = parsed.GetValue(http),
                Sqlite = parsed.GetValue(sqlite),
                Sync = parsed.GetValue(sync),
            };
            await (settings.Role == "silo" ? AgentHost.RunSiloAsync(settings) : AgentHost.RunClientAsync(settings));
            return 0;
        });
        return command;
    }
}
