using System.Globalization;
using System.Text.Json;
using OrleansJobs.Tool.Gateway;

namespace OrleansJobs.Tool.Output;

/// <summary>What happened to a job, a line each.</summary>
internal static class TimelineText
{
    public static async Task<int> PrintAsync(Session session, string id, CancellationToken cancellation)
    {
        var timeline = await session.Gateway.GetAsync(GatewayClient.JobPath(id) + "/timeline", cancellation);
        session.Printer.Either(timeline, () =>
        {
            foreach (var entry in timeline.Items("entries")) session.Printer.Line(Describe(entry));
        });
        return ExitCodes.Done;
    }

    public static string Describe(JsonElement entry)
    {
        var at = entry.Instant("at") is { } instant ? instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture) : "";
        return $"{at}  {What(entry)}{(entry.Member("error") is { } error ? $": {error.Text("code")}: {(error.Text("type") is { } type ? type + ": " : "")}{error.Text("message")}" : "")}";
    }

    private static string For(JsonElement entry) =>
        string.Join(", ", entry.Items("waitingFor").Select(Waits.Words)) is { Length: > 0 } reasons ? $" for {reasons}" : "";

    private static string What(JsonElement entry)
    {
        var (what, attempt, detail) = (entry.Text("what"), entry.Number("attempt"), entry.Text("detail"));
        var by = entry.Text("by") is { } who ? $" by {who}{(detail is null ? "" : $" ({detail})")}" : "";
        return what switch
        {
            "waited" => $"{(entry.Instant("until") is { } until && entry.Instant("at") is { } at ? $"waited {Words.Of(until - at)}" : "waits")}{For(entry)}",
            "ended" => $"ended: {detail}",
            "checkpoint" => $"attempt {attempt}: last of {detail} checkpoints",
            "reported" => $"attempt {attempt}: first report",
            "started" => $"attempt {attempt}: started{(entry.Text("silo") is { } silo ? $" on {silo}" : "")}",
            "step" => $"step {entry.Text("name")}",
            "childStarted" => $"child {entry.Text("name")} started: {entry.Text("job")}",
            "childEnded" => $"child {entry.Text("name")} ended: {detail}",
            "signal" => $"signal {entry.Text("name")}{(detail is null ? "" : $" ({detail})")}",
            "forgotten" => "earlier attempts are not kept",
            _ => attempt is null ? what + (entry.Text("queue") is { } queue ? $" to {queue}" : "") + by : $"attempt {attempt}: {what}",
        };
    }
}
