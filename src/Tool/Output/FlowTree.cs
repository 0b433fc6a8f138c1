using System.Text.Json;
using OrleansJobs.Tool.Gateway;

namespace OrleansJobs.Tool.Output;

/// <summary>A flow's jobs, those of flows among them below, with where each stands.</summary>
internal static class FlowTree
{
    /// <summary>Flows that are asked for; a tree of more is cut short, and says so.</summary>
    private const int MostFlows = 50;

    public static async Task<int> PrintAsync(Session session, string id, CancellationToken cancellation)
    {
        var flow = await session.Gateway.GetAsync(PathOf(id), cancellation);
        if (session.Printer.AsJson)
        {
            session.Printer.Json(flow);
            return ExitCodes.Done;
        }

        session.Printer.Line($"{flow.Text("type")} {Standing(flow)}  {id}");
        await PrintAsync(session, flow, "", new() { Left = MostFlows }, cancellation);
        return ExitCodes.Done;
    }

    private static async Task PrintAsync(Session session, JsonElement flow, string indent, Budget budget, CancellationToken cancellation)
    {
        foreach (var group in flow.Items("groups")) session.Printer.Line($"{indent}  {group.Text("name")}: {Counts(group)}");
        foreach (var job in flow.Items("jobs"))
        {
            var after = job.Items("after").Select(After).ToList();
            session.Printer.Line($"{indent}  {job.Text("name") ?? job.Text("type")} {Standing(job)}{(job.Text("id") is { } id ? "  " + id : "")}{(after.Count > 0 ? "  after " + string.Join(", ", after) : "")}");
            if (job.Text("id") is not { } child || !job.Flag("flow")) continue;
            if (budget.Left-- > 0) await PrintAsync(session, await session.Gateway.GetAsync(PathOf(child), cancellation), indent + "  ", budget, cancellation);
            else session.Printer.Line($"{indent}    ...");
        }

        if (flow.Flag("more")) session.Printer.Line($"{indent}  ...");
    }

    private static string Standing(JsonElement job)
    {
        var took = (job.Instant("finishedAt") - job.Instant("startedAt")) is { } span ? $" in {Words.Of(span)}" : "";
        var children = job.Member("children") is { } counts ? $": {Counts(counts)}" : "";
        var waits = job.Items("waitingFor").Select(Waits.Words).ToList();
        return $"{job.Text("state")}{took}{children}{(waits.Count > 0 ? $" (waits for {string.Join(", ", waits)})" : "")}{(job.Member("error") is { } error ? $": {error.Text("message")}" : "")}";
    }

    private static string Counts(JsonElement counts) =>
        $"{counts.Number("succeeded") ?? 0} of {counts.Number("total")?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "?"} done"
        + $"{(counts.Number("failed") is > 0 and var failed ? $", {failed} failed" : "")}";

    private static string After(JsonElement edge) => edge.ValueKind == JsonValueKind.String ? edge.GetString()! : $"{edge.Text("job")} ({edge.Text("on")})";

    private static string PathOf(string id) => "flows/" + Uri.EscapeDataString(id);

    private sealed class Budget
    {
        public int Left { get; set; }
    }
}
