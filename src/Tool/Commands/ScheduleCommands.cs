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
        Add(Of(app, "resume", "Serves instants again; those that passed meanwhile are not missed.", async (session, path, _, cancellation) =>
            Summarize(session, await session.Gateway.PostAsync(path + "/resume", null, cancellation))));
        Add(Of(app, "trigger", "Submits an occurrence now, whatever else runs, and prints its job's id.", async (session, path, _, cancellation) =>
        {
            var json = await session.Gateway.PostAsync(path + "/trigger", null, cancellation);
            session.Printer.Either(json, () => session.Printer.Line(json.Text("job") ?? ""));
        }));
        Add(Backfill(app));
        Add(Delete(app));
    }

    public static Argument<string> Id() => new("id") { Description = "The schedule's id." };

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
            for (string? cursor = ""; cursor is not null && left > 0;)
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
        var command = Of(app, "pause", "Serves no instant until the schedule is resumed.", async (session, path, parsed, cancellation) =>
            Summarize(session, await session.Gateway.PostAsync(path + "/pause", ReasonBody.Of(parsed.GetValue(reason)), cancellation)));
        command.Add(reason);
        return command;
    }

    private static Command Delete(ToolApp app)
    {
        var application = new Option<string?>("--application") { Description = "Of one that code declares: whose it is. Code that still declares it makes it anew." };
        var command = Of(app, "delete", "Removes a schedule. Its jobs stay as they are.", (session, path, parsed, cancellation) =>
            session.Gateway.DeleteAsync(parsed.GetValue(application) is { } name ? $"{path}?application={Uri.EscapeDataString(name)}" : path, cancellation));
        command.Add(application);
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
        schedule.Text("id") ?? "", schedule.Text("type") ?? "", schedule.Text("queue") ?? "", When(schedule), Words.Of(schedule.Instant("nextAt")),
        schedule.Items("runs").FirstOrDefault().Text("outcome") ?? "", schedule.Member("paused")?.Text("by") is { } by ? $"by {by}" : "",
    ];
}

/// <summary><c>schedule put</c>: makes a schedule, or makes it what is said.</summary>
internal sealed class SchedulePutCommand : Command
{
    private readonly Argument<string> _id = ScheduleCommand.Id();
    private readonly Argument<string> _type = new("type") { Description = "The type of its jobs." };
    private readonly Argument<string?> _args = new("args") { Description = "Their arguments as JSON; @file or - (standard input) to read them.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string[]> _arg = new("--arg", "-a") { Description = "One member of the arguments. A value that is JSON counts as such, any other as a string.", HelpName = "name=value" };
    private readonly Option<string?> _cron = new("--cron") { Description = "Five fields, or six with seconds first, such as '30 2 * * MON-FRI'." };
    private readonly Option<double?> _every = new("--every") { Description = "So long from one instant to the next, such as 7m.", CustomParser = Durations.Parse };
    private readonly Option<string?> _anchor = new("--anchor") { Description = "An instant from which --every counts." };
    private readonly Option<string?> _zone = new("--zone") { Description = "An IANA name, such as Europe/Berlin. Default: UTC." };
    private readonly Option<string?> _start = new("--start") { Description = "No instant before." };
    private readonly Option<string?> _end = new("--end") { Description = "No instant after." };
    private readonly Option<int?> _count = new("--count") { Description = "So many instants." };
    private readonly Option<double?> _jitter = new("--jitter") { Description = "Each is due by a part of this later, the same each time.", CustomParser = Durations.Parse };
    private readonly Option<string?> _overlap = new("--overlap") { Description = "skip, queue, all, cancel or replace. Default: skip." };
    private readonly Option<string?> _missed = new("--missed") { Description = "one, all or none. Default: one." };
    private readonly Option<string?> _queue = new("--queue") { Description = "Default: what the handler says." };
    private readonly Option<int?> _priority = new("--priority") { Description = "0 to 9; higher first. Default 4." };
    private readonly Option<int?> _attempts = new("--attempts") { Description = "Each runs at most so often." };
    private readonly Option<double?> _timeout = new("--timeout") { Description = "How long one attempt may run.", CustomParser = Durations.Parse };

    public SchedulePutCommand(ToolApp app) : base("put", "Makes a schedule, or makes it what is said.")
    {
        foreach (var argument in new Argument[] { _id, _type, _args }) Add(argument);
        foreach (var option in new Option[] { _arg, _cron, _every, _anchor, _zone, _start, _end, _count, _jitter, _overlap, _missed, _queue, _priority, _attempts, _timeout }) Add(option);
        app.SetAction(this, RunAsync);
    }

    private async Task<int> RunAsync(Session session, ParseResult parsed, CancellationToken cancellation)
    {
        var body = new Dictionary<string, object>();
        if (await JobArgs.ReadAsync(parsed.GetValue(_args), parsed.GetValue(_arg) ?? [], session.Surroundings.Input, cancellation) is { } args) body["args"] = args;
        Add("type", parsed.GetValue(_type));
        Add("cron", parsed.GetValue(_cron));
        Add("every", parsed.GetValue(_every));
        Add("anchor", parsed.GetValue(_anchor));
        Add("zone", parsed.GetValue(_zone));
        Add("start", parsed.GetValue(_start));
        Add("end", parsed.GetValue(_end));
        Add("count", parsed.GetValue(_count));
        Add("jitter", parsed.GetValue(_jitter));
        Add("overlap", parsed.GetValue(_overlap));
        Add("missed", parsed.GetValue(_missed));
        Add("queue", parsed.GetValue(_queue));
        Add("priority", parsed.GetValue(_priority));
        Add("attempts", parsed.GetValue(_attempts));
        Add("timeout", parsed.GetValue(_timeout));
        ScheduleCommand.Summarize(session, await session.Gateway.PutAsync(ScheduleCommand.Path(parsed.GetValue(_id)!), JsonSerializer.SerializeToElement(body), cancellation));
        return ExitCodes.Done;

        void Add(string member, object? value)
        {
            if (value is not null) body[member] = value;
        }
    }
}
