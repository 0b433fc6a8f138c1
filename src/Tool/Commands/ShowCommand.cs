using System.CommandLine;
using System.Text.Json;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

internal sealed class ShowCommand : Command
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, IndentSize = 2 };

    private readonly Argument<string> _id = Inputs.Id();
    private readonly Option<bool> _args = new("--args") { Description = "Print the job's arguments, and nothing else." };
    private readonly Option<bool> _result = new("--result") { Description = "Print the job's result, and nothing else. Refused where there is none." };

    private readonly Option<bool> _tree = new("--tree") { Description = "Print a flow's jobs, and theirs, with where each stands." };

    private readonly Option<bool> _timeline = new("--timeline") { Description = "Print what happened to the job, and what it waited for in between." };

    public ShowCommand(ToolApp app) : base("show", "Shows all that is known of a job.")
    {
        Add(_id);
        Add(_args);
        Add(_result);
        Add(_tree);
        Add(_timeline);
        app.SetAction(this, RunAsync);
    }

    private async Task<int> RunAsync(Session session, ParseResult parsed, CancellationToken cancellation)
    {
        var id = parsed.GetValue(_id)!;
        if (parsed.GetValue(_args)) return Print(session, await session.Gateway.GetAsync(GatewayClient.JobPath(id) + "/args", cancellation));
        if (parsed.GetValue(_timeline)) return await TimelineText.PrintAsync(session, id, cancellation);
        if (parsed.GetValue(_tree)) return await FlowTree.PrintAsync(session, id, cancellation);
        var job = await session.Gateway.GetJobAsync(id, cancellation);
        if (!parsed.GetValue(_result))
        {
            session.Printer.Either(job.Json, () => Facts(session.Printer, job));
            return ExitCodes.Done;
        }

        if (job.State == "SUCCESS") return Print(session, job.Json.TryGetProperty("result", out var result) ? result : default);
        session.Surroundings.Error.WriteLine(job.IsFinished ? $"The job ended in {job.State} and has no result." : $"The job is in {job.State} and has no result yet.");
        return job.IsFinished ? job.ExitCode : ExitCodes.Refused;
    }

    private static int Print(Session session, JsonElement json)
    {
        session.Printer.Either(json, () => session.Surroundings.PlainOut.WriteLine(JsonSerializer.Serialize(json, Indented)));
        return ExitCodes.Done;
    }

    private static void Facts(Printer printer, Job job)
    {
        var json = job.Json;
        printer.Facts(
        [
            ("Id", job.Id), ("Type", job.Type), ("Queue", job.Queue), ("Priority", json.Number("priority")?.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("State", job.Phase is { } phase ? $"{job.State} ({phase})" : job.State),
            ("Waiting for", json.Items("waitingFor").Any() ? string.Join(", ", json.Items("waitingFor").Select(Waits.Words)) : null), ("Child of", json.Text("parent")),
            ("Progress", $"{job.Current} of {job.Total}, {job.Percent}%"), ("Status", job.Message),
            ("Attempt", $"{json.Number("attempt")}{(json.Number("maxAttempts") is > 0 and var most ? $" of {most}" : "")}"), ("Silo", json.Text("silo")),
            ("Nothing new for", json.Number("stalledFor") is { } silence ? Words.Of(TimeSpan.FromSeconds(silence)) : null),
            ("Tags", json.Member("tags") is { ValueKind: JsonValueKind.Object } tags ? string.Join(", ", tags.EnumerateObject().Select(tag => $"{tag.Name}={tag.Value}")) : null),
            ("Submitted", Words.Of(json.Instant("submittedAt"))), ("Due", Words.Of(json.Instant("dueAt"))),
            ("Expires", Words.Of(json.Instant("expiresAt"))), ("Deadline", Words.Of(json.Instant("deadlineAt"))), ("Started", Words.Of(json.Instant("startedAt"))), ("Finished", Words.Of(json.Instant("finishedAt"))),
            ("Result", json.Member("result") is { } result ? JsonSerializer.Serialize(result, Indented) : null),
            ("Error", json.Member("error") is { } error ? Describe(error) : null),
            ("Where", json.Member("error")?.Text("place")), ("Release", json.Member("error")?.Text("release")), ("Trace", json.Member("error")?.Text("trace")),
        ]);
        foreach (var attempt in json.Items("attempts"))
        {
            var took = attempt.Instant("endedAt") - attempt.Instant("startedAt");
            printer.Line($"  attempt {attempt.Number("number")} {attempt.Text("outcome")} at {Words.Of(attempt.Instant("startedAt"))}"
                + $"{(took is { } span ? $" after {Words.Of(span)}" : "")}{(attempt.Text("silo") is { } silo ? $" on {silo}" : "")}"
                + $"{(attempt.Member("error") is { } reason ? $": {Describe(reason)}" : "")}");
        }
    }

    private static string Describe(JsonElement error) => $"{error.Text("code")}: {(error.Text("type") is { } type ? type + ": " : "")}{error.Text("message")}";
}
