using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

/// <summary><c>schedule</c> and what is done with schedules.</summary>
internal sealed class ScheduleCommand : Command
{
    public ScheduleCommand(ToolApp app) : base("schedule", "Recurring jobs.")
    {
        Add(new SchedulePutCommand(app));
        Add(List(app));
        Add(Show(app));
        Add(Next(app));
        Add(Pause(app));
        Add(Resume(app));
        Add(Of(app, "trigger", "Submits an occurrence now, whatever else runs, and prints its job's id.", async (session, path, _, cancellation) =>
        {
            // Under a key, so that it may be sent again where the answer is lost, and is one occurrence.
            var json = await session.Gateway.PostSafelyAsync(path + "/trigger", JsonSerializer.SerializeToElement(new { }), Inputs.Key(session, null), cancellation);
            session.Printer.Either(json, () => session.Printer.Line(json.Text("job") ?? ""));
        }));
        Add(Backfill(app));
        Add(Delete(app));
    }

    public static Argument<string> Id() => new("id") { Description = "The schedule's id." };

    /// <summary>Against lost edits.</summary>
    public static Option<string?> IfMatch() => new("--if-match") { Description = "Only where the schedule still has this version, as show tells it; * where there is one.", HelpName = "version" };

    /// <exception cref="UsageException">It cannot be sent.</exception>
    public static string? ETag(ParseResult parsed, Option<string?> ifMatch) => parsed.GetValue(ifMatch) switch
    {
        null => null,
        "*" => "*",
        var version when version.Length is > 0 and <= 64 && version.All(c => c is > ' ' and <= '~' and not '"') => $"\"{version}\"",
        _ => throw new UsageException("--if-match takes a version as 'schedule show' tells it, without quotes, or *."),
    };

    public static string Path(string id) => "schedules/" + Uri.EscapeDataString(id);

    public static void Summarize(Session session, JsonElement schedule) => session.Printer.Either(schedule, () => session.Printer.Line(
        $"{schedule.Text("id")}: {When(schedule)}, {(schedule.Member("paused") is { } pause ? $"paused by {pause.Text("by")}" : schedule.Instant("nextAt") is { } next ? $"next {Words.Of(next)}" : "no instant comes any more")}"));

    private static Command List(ToolApp app)
    {
        var limit = new Option<int>("--limit") { Description = "At most so many schedules.", DefaultValueFactory = _ => 200 };
        var command = new Command("list", "Lists schedules in the order of their ids.") { limit };
        app.SetAction(command, async (session, parsed, cancellation) =>
        {
            var schedules = new List<JsonElement>();
            var left = parsed.GetValue(limit);
            if (left < 1) throw new UsageException("--limit must be 1 or more.");
            string? cursor = "";
            while (cursor is not null && left > 0)
            {
                var page = await session.Gateway.GetAsync($"schedules?limit={Math.Min(left, 200)}{(cursor.Length > 0 ? $"&cursor={Uri.EscapeDataString(cursor)}" : "")}", cancellation);
                foreach (var schedule in page.Items("schedules"))
                {
                    left--;
                    if (session.Printer.AsJson) session.Printer.Json(schedule);
                    else schedules.Add(schedule);
                }

                cursor = page.Text("cursor");
            }

            if (!session.Printer.AsJson) session.Printer.Table(["ID", "TYPE", "QUEUE", "WHEN", "NEXT", "LAST", "PAUSED"], schedules.Select(Row), "No schedules.");
            if (cursor is not null) await session.Surroundings.Error.WriteLineAsync($"There are more than these {Words.Of(parsed.GetValue(limit))}: give a higher --limit.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Show(ToolApp app) => Of(app, "show", "Shows a schedule and its newest occurrences.", async (session, path, _, cancellation) =>
    {
        var schedule = await session.Gateway.GetAsync(path, cancellation);
        if (session.Printer.AsJson)
        {
            session.Printer.Json(schedule);
            return;
        }

        var runs = await session.Gateway.GetAsync(path + "/runs", cancellation);
        session.Printer.Facts(
        [
            ("Id", schedule.Text("id")), ("Type", schedule.Text("type")), ("Queue", schedule.Text("queue")), ("Arguments", schedule.Member("args")?.GetRawText()),
            ("Flow", schedule.Member("flow")?.GetRawText()),
            ("When", When(schedule)), ("Overlap", schedule.Text("overlap")), ("Missed", schedule.Text("missed")), ("Next", Words.Of(schedule.Instant("nextAt"))),
            ("Paused", schedule.Member("paused") is { } pause ? $"by {pause.Text("by")} since {Words.Of(pause.Instant("at"))} {pause.Text("reason")}" : null),
            ("Version", schedule.Text("version")), ("Application", schedule.Text("application")),
        ]);
        session.Printer.Table(["SCHEDULED", "OUTCOME", "CAUSE", "STARTED", "FINISHED", "JOB"], runs.Items("runs").Select(run => new[]
        {
            Words.Of(run.Instant("scheduledAt")), run.Text("outcome") ?? "", run.Text("cause") ?? "", Words.Of(run.Instant("startedAt")), Words.Of(run.Instant("finishedAt")), run.Text("job") ?? "",
        }), "No occurrences yet.");
    });

    private static Command Next(ToolApp app)
    {
        var count = new Option<int>("--count") { Description = "How many; at most 100.", DefaultValueFactory = _ => 10 };
        var command = Of(app, "next", "Tells a schedule's next instants.", async (session, path, parsed, cancellation) =>
        {
            var json = await session.Gateway.GetAsync($"{path}/next?count={parsed.GetValue(count).ToString(CultureInfo.InvariantCulture)}", cancellation);
            session.Printer.Either(json, () =>
            {
                foreach (var instant in json.Items("next")) session.Printer.Line(instant.GetString() ?? "");
            });
        });
        command.Add(count);
        return command;
    }

    private static Command Pause(ToolApp app)
    {
        var reason = Inputs.Reason();
        var ifMatch = IfMatch();
        var command = Of(app, "pause", "Serves no instant until the schedule is resumed.", async (session, path, parsed, cancellation) =>
            Summarize(session, await session.Gateway.PostAsync(path + "/pause", ReasonBody.Of(parsed.GetValue(reason)), cancellation, ifMatch: ETag(parsed, ifMatch))));
        command.Add(reason);
        command.Add(ifMatch);
        return command;
    }

    private static Command Resume(ToolApp app)
    {
        var ifMatch = IfMatch();
        var command = Of(app, "resume", "Serves instants again; those that passed meanwhile are not missed.", async (session, path, parsed, cancellation) =>
            Summarize(session, await session.Gateway.PostAsync(path + "/resume", null, cancellation, ifMatch: ETag(parsed, ifMatch))));
        command.Add(ifMatch);
        return command;
    }

    private static Command Delete(ToolApp app)
    {
        var application = new Option<string?>("--application") { Description = "Of one that code declares: whose it is. Code that still declares it makes it anew." };
        var ifMatch = IfMatch();
        var command = Of(app, "delete", "Removes a schedule. Its jobs stay as they are.", (session, path, parsed, cancellation) =>
            session.Gateway.DeleteAsync(parsed.GetValue(application) is { } name ? $"{path}?application={Uri.EscapeDataString(name)}" : path, cancellation, ETag(parsed, ifMatch)));
        command.Add(application);
        command.Add(ifMatch);
        return command;
    }

    private static Command Backfill(ToolApp app)
    {
        var from = new Option<string>("--from") { Description = "The first instant, as RFC 3339 has it.", Required = true };
        var to = new Option<string>("--to") { Description = "The last one, which has passed.", Required = true };
        var command = Of(app, "backfill", "Submits what a range of instants should have submitted, where it is not there.", async (session, path, parsed, cancellation) =>
        {
            var body = JsonSerializer.SerializeToElement(new { from = parsed.GetValue(from), to = parsed.GetValue(to) });
            var json = await session.Gateway.PostAsync(path + "/backfill", body, cancellation);
            session.Printer.Either(json, () => session.Printer.Line($"{Words.Of(json.Number("submitted"))} submitted, {Words.Of(json.Number("known"))} were there."));
        });
        command.Add(from);
        command.Add(to);
        return command;
    }

    private static Command Of(ToolApp app, string name, string description, Func<Session, string, ParseResult, CancellationToken, Task> action)
    {
        var id = Id();
        var command = new Command(name, description) { id };
        app.SetAction(command, async (session, parsed, cancellation) =>
        {
            await action(session, Path(parsed.GetValue(id)!), parsed, cancellation);
            return ExitCodes.Done;
        });
        return command;
    }

    private static string When(JsonElement schedule) =>
        (schedule.Text("cron") ?? $"every {Words.Of(TimeSpan.FromSeconds(schedule.Real("every") ?? 0))}") + (schedule.Text("zone") is { } zone ? $" {zone}" : "");

    private static string[] Row(JsonElement schedule) =>
    [
        schedule.Text("id") ?? "", schedule.Text("type") ?? "(flow)", schedule.Text("queue") ?? "", When(schedule), Words.Of(schedule.Instant("nextAt")),
        schedule.Items("runs").FirstOrDefault().Text("outcome") ?? "", schedule.Member("paused")?.Text("by") is { } by ? $"by {by}" : "",
    ];
}
