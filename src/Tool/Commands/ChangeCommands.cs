using System.CommandLine;
using System.Text.Json;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

/// <summary>
/// A command that changes jobs: some by their ids, one after the other, or all that fit, by one action of the grid. Of ids it goes on after one that fails, and ends with the first
/// failure's exit code.
/// </summary>
internal abstract class ChangeCommand : Command
{
    private readonly ActionOptions _many = new();

    protected ChangeCommand(ToolApp app, string name, string description) : base(name, description)
    {
        var ids = Inputs.Ids();
        ids.Arity = ArgumentArity.ZeroOrMore;
        Add(ids);
        Add(Reason);
        foreach (var option in _many.All) Add(option);
        app.SetAction(this, async (session, parsed, cancellation) =>
        {
            var given = parsed.GetValue(ids) ?? [];
            if (_many.Filter(session, parsed) is { } filter)
            {
                if (given.Length > 0) throw new UsageException("Give ids or --where, not both.");
                return await _many.RunAsync(session, parsed, ActionOf(parsed), filter, parsed.GetValue(Reason), cancellation);
            }

            return given.Length > 0 ? await EachAsync(session, parsed, given, cancellation) : throw new UsageException("Give ids of jobs, or what they have in common with --where.");
        });
    }

    protected Option<string?> Reason { get; } = Inputs.Reason();

    /// <summary>The word for it where it is done to many.</summary>
    /// <exception cref="UsageException">It cannot be.</exception>
    protected abstract string ActionOf(ParseResult parsed);

    protected abstract Task ChangeAsync(Session session, ParseResult parsed, string id, CancellationToken cancellation);

    protected static void Print(Session session, JsonElement json) => session.Printer.Either(json, () => session.Printer.Line(Printer.Summary(new Job(json))));

    private async Task<int> EachAsync(Session session, ParseResult parsed, string[] ids, CancellationToken cancellation)
    {
        var code = ExitCodes.Done;
        foreach (var id in ids)
        {
            try
            {
                await ChangeAsync(session, parsed, id, cancellation);
            }
            catch (GatewayException exception) when (exception.ExitCode is ExitCodes.NotFound or ExitCodes.Refused)
            {
                session.Surroundings.Error.WriteLine(session.Printer.AsJson && exception.Problem is { } problem
                    ? JsonSerializer.Serialize(problem)
                    : Plain.Lines($"{id}: {exception.Message}"));
                if (code == ExitCodes.Done) code = exception.ExitCode;
            }
        }

        return code;
    }
}

internal sealed class CancelCommand(ToolApp app) : ChangeCommand(app, "cancel", "Ends waiting jobs; asks running ones to stop. One that has ended stays as it is.")
{
    protected override string ActionOf(ParseResult parsed) => "cancel";

    protected override async Task ChangeAsync(Session session, ParseResult parsed, string id, CancellationToken cancellation) =>
        Print(session, await session.Gateway.PostAsync(GatewayClient.JobPath(id) + "/cancel", ReasonBody.Of(parsed.GetValue(Reason)), cancellation));
}

internal sealed class RetryCommand(ToolApp app) : ChangeCommand(app, "retry", "Runs failed or cancelled jobs again, with their history kept.")
{
    protected override string ActionOf(ParseResult parsed) => "retry";

    protected override async Task ChangeAsync(Session session, ParseResult parsed, string id, CancellationToken cancellation) =>
        Print(session, await session.Gateway.PostAsync(GatewayClient.JobPath(id) + "/retry", ReasonBody.Of(parsed.GetValue(Reason)), cancellation));
}

internal sealed class MoveCommand : ChangeCommand
{
    private readonly Option<string?> _eta = new("--eta") { Description = "When, as RFC 3339 has it: 2030-01-31T12:00:00Z." };
    private readonly Option<double?> _countdown = new("--countdown") { Description = "In how long, such as 2h.", CustomParser = Durations.Parse };

    public MoveCommand(ToolApp app) : base(app, "move", "Gives waiting jobs another due time: now, where none is said.")
    {
        foreach (var option in new Option[] { _eta, _countdown }) Add(option);
    }

    protected override string ActionOf(ParseResult parsed) =>
        parsed.GetValue(_eta) is null && parsed.GetValue(_countdown) is null ? "due" : throw new UsageException("Many jobs are moved to now: give no --eta and no --countdown with --where.");

    protected override async Task ChangeAsync(Session session, ParseResult parsed, string id, CancellationToken cancellation)
    {
        var body = new Dictionary<string, object>();
        if (parsed.GetValue(_eta) is { } eta) body["eta"] = eta;
        if (parsed.GetValue(_countdown) is { } countdown) body["countdown"] = countdown;
        if (parsed.GetValue(Reason) is { } reason) body["reason"] = reason;
        Print(session, await session.Gateway.PostAsync(GatewayClient.JobPath(id) + "/due", JsonSerializer.SerializeToElement(body), cancellation));
    }
}

internal sealed class PrioritiseCommand : ChangeCommand
{
    private readonly Option<int> _priority = new("--priority") { Description = "0 to 9; higher first.", Required = true };

    public PrioritiseCommand(ToolApp app) : base(app, "prioritise", "Gives waiting jobs another priority.") => Add(_priority);

    protected override string ActionOf(ParseResult parsed) => throw new UsageException("Priorities are given to jobs by their ids.");

    protected override async Task ChangeAsync(Session session, ParseResult parsed, string id, CancellationToken cancellation)
    {
        var body = new Dictionary<string, object> { ["priority"] = parsed.GetValue(_priority) };
        if (parsed.GetValue(Reason) is { } reason) body["reason"] = reason;
        Print(session, await session.Gateway.PostAsync(GatewayClient.JobPath(id) + "/priority", JsonSerializer.SerializeToElement(body), cancellation));
    }
}

internal sealed class TransferCommand : ChangeCommand
{
    private readonly Option<string> _queue = new("--queue") { Description = "Which; as a submit names it.", Required = true };

    public TransferCommand(ToolApp app) : base(app, "transfer", "Puts waiting jobs into another queue.") => Add(_queue);

    protected override string ActionOf(ParseResult parsed) => throw new UsageException("Jobs are put into another queue by their ids.");

    protected override async Task ChangeAsync(Session session, ParseResult parsed, string id, CancellationToken cancellation)
    {
        var body = new Dictionary<string, object> { ["queue"] = parsed.GetValue(_queue)! };
        if (parsed.GetValue(Reason) is { } reason) body["reason"] = reason;
        Print(session, await session.Gateway.PostAsync(GatewayClient.JobPath(id) + "/queue", JsonSerializer.SerializeToElement(body), cancellation));
    }
}

internal sealed class DeleteCommand(ToolApp app) : ChangeCommand(app, "delete", "Removes finished jobs.")
{
    protected override string ActionOf(ParseResult parsed) => "delete";

    protected override Task ChangeAsync(Session session, ParseResult parsed, string id, CancellationToken cancellation) =>
        session.Gateway.DeleteAsync(GatewayClient.JobPath(id) + (parsed.GetValue(Reason) is { } reason ? $"?reason={Uri.EscapeDataString(reason)}" : ""), cancellation);
}

internal static class ReasonBody
{
    public static JsonElement? Of(string? reason) => reason is null ? null : JsonSerializer.SerializeToElement(new { reason });
}
