using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using OrleansJobs.Tool.Completions;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

internal sealed class HistoryCommand : Command
{
    private readonly Option<bool> _hours = new("--hours") { Description = "Hour by hour, which is kept for 30 days, instead of minute by minute for two hours." };
    private readonly Option<double?> _since = new("--since") { Description = "Within so long, such as 30m or 7d.", CustomParser = Durations.Parse };
    private readonly Option<string?> _type = new("--type") { Description = "Jobs of this type." };
    private readonly Option<string?> _queue = new("--queue") { Description = "Jobs of this queue." };
    private readonly Option<string?> _by = new Option<string?>("--by") { Description = "Show sums by type or by queue instead of steps." }.Suggest("type", "queue");

    public HistoryCommand(ToolApp app) : base("history", "Shows what was done, minute by minute or hour by hour, and what happened meanwhile.")
    {
        foreach (var option in new Option[] { _hours, _since, _type, _queue, _by }) Add(option);
        app.SetAction(this, RunAsync);
    }

    private async Task<int> RunAsync(Session session, ParseResult parsed, CancellationToken cancellation)
    {
        var by = parsed.GetValue(_by);
        if (by is not (null or "type" or "queue")) throw new UsageException("--by must be type or queue.");
        var query = "stats/history?step=" + (parsed.GetValue(_hours) ? "hour" : "minute") + Parameter("type", parsed.GetValue(_type)) + Parameter("queue", parsed.GetValue(_queue));
        var now = session.Surroundings.Time.GetUtcNow();
        if (parsed.GetValue(_since) is { } seconds) query += Parameter("from", Instant(now.AddSeconds(-seconds))) + Parameter("to", Instant(now));
        var json = await session.Gateway.GetAsync(query, cancellation);
        session.Printer.Either(json, () => Print(session.Printer, json, by));
        return ExitCodes.Done;
    }

    private static void Print(Printer printer, JsonElement history, string? by)
    {
        if (by is not null)
        {
            printer.Table([by.ToUpperInvariant(), .. Columns], history.Items(by + "s").Select(total => (string[])[total.Text("name") ?? "", .. Figures(total)]), "Nothing was counted.");
        }
        else
        {
            // A step in which nothing happened says nothing.
            printer.Table(["AT", "WAITING", .. Columns], history.Items("points").Where(HasAny)
                .Select(point => (string[])[Words.Of(point.Instant("at")), Words.Of(point.Number("waiting")), .. Figures(point)]), "Nothing was counted.");
        }

        var events = history.Items("events").ToList();
        if (events.Count > 0)
            printer.Table(["AT", "WHAT", "NAME", "BY", "TEXT"], events.Select(happening => (string[])[Words.Of(happening.Instant("at")), happening.Text("what") ?? "", happening.Text("name") ?? "", happening.Text("by") ?? "", happening.Text("text") ?? ""]), "");
        if (history.Number("silent") is > 0 and var silent) printer.Line($"{Words.Of(silent)} of {Words.Of(history.Number("partitions"))} partitions did not answer: what they counted is missing.");
    }

    private static readonly string[] Columns = ["SUBMITTED", "SUCCEEDED", "FAILED", "CANCELLED", "RETRIED", "LOST", "RUN P50", "RUN P95", "RUN P99", "WAIT P50", "WAIT P95", "WAIT P99"];

    private static bool HasAny(JsonElement point) =>
        new[] { "submitted", "succeeded", "failed", "cancelled", "retried", "lost", "waiting" }.Any(name => point.Number(name) > 0);

    private static string[] Figures(JsonElement of) =>
    [
        Words.Of(of.Number("submitted")), Words.Of(of.Number("succeeded")), Words.Of(of.Number("failed")), Words.Of(of.Number("cancelled")), Words.Of(of.Number("retried")), Words.Of(of.Number("lost")),
        .. Shares(of.Member("runSeconds")), .. Shares(of.Member("waitSeconds")),
    ];

    private static string[] Shares(JsonElement? seconds) =>
        Array.ConvertAll((string[])["p50", "p95", "p99"], share => seconds?.Real(share) is { } value ? Short(value) : "");

    private static string Short(double seconds) => seconds < 1 ? $"{Math.Round(seconds * 1000)} ms" : Words.Of(TimeSpan.FromSeconds(seconds));

    private static string Instant(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Parameter(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";
}
