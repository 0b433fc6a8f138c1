using System.CommandLine;
using System.Text.Json;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

/// <summary>A command that changes jobs, one after the other. It goes on after one that fails, and ends with the first failure's exit code.</summary>
internal abstract class ChangeCommand : Command
{
    protected ChangeCommand(ToolApp app, string name, string description) : base(name, description)
    {
        var ids = Inputs.Ids();
        Add(ids);
        app.SetAction(this, async (session, parsed, cancellation) =>
        {
            var code = ExitCodes.Done;
            foreach (var id in parsed.GetValue(ids)!)
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
        });
    }

    protected abstract Task ChangeAsync(Session session, ParseResult parsed, string id, CancellationToken cancellation);

    protected static void Print(Session session, JsonElement json) => session.Printer.Either(json, () => session.Printer.Line(Printer.Summary(new Job(json))));
}

internal sealed class CancelCommand : ChangeCommand
{
    private readonly Option<string?> _reason = Inputs.Reason();

    public CancelCommand(ToolApp app) : base(app, "cancel", "Ends waiting jobs; asks running ones to stop. One that has ended stays as it is.") => Add(_reason);

    protected override async Task ChangeAsync(Session session, ParseResult parsed, string id, CancellationToken cancellation) =>
        Print(session, await session.Gateway.PostAsync(GatewayClient.JobPath(id) + "/cancel", ReasonBody.Of(parsed.GetValue(_reason)), cancellation));
}

internal sealed class RetryCommand(ToolApp app) : ChangeCommand(app, "retry", "Runs failed or cancelled jobs again, with their history kept.")
{
    protected override async Task ChangeAsync(Session session, ParseResult parsed, string id, CancellationToken cancellation) =>
        Print(session, await session.Gateway.PostAsync(GatewayClient.JobPath(id) + "/retry", null, cancellation));
}

internal sealed class MoveCommand : ChangeCommand
{
    private readonly Option<string?> _eta = new("--eta") { Description = "When, as RFC 3339 has it: 2030-01-31T12:00:00Z." };
    private readonly Option<double?> _countdown = new("--countdown") { Description = "In how long, such as 2h.", CustomParser = Durations.Parse };
    private readonly Option<string?> _reason = Inputs.Reason();

    public MoveCommand(ToolApp app) : base(app, "move", "Gives waiting jobs another due time: now, where none is said.")
    {
        foreach (var option in new Option[] { _eta, _countdown, _reason }) Add(option);
    }

    protected override async Task ChangeAsync(Session session, ParseResult parsed, string id, CancellationToken cancellation)
    {
        var body = new Dictionary<string, object>();
        if (parsed.GetValue(_eta) is { } eta) body["eta"] = eta;
        if (parsed.GetValue(_countdown) is { } countdown) body["countdown"] = countdown;
        if (parsed.GetValue(_reason) is { } reason) body["reason"] = reason;
        Print(session, await session.Gateway.PostAsync(GatewayClient.JobPath(id) + "/due", JsonSerializer.SerializeToElement(body), cancellation));
    }
}

internal sealed class DeleteCommand(ToolApp app) : ChangeCommand(app, "delete", "Removes finished jobs.")
{
    protected override Task ChangeAsync(Session session, ParseResult parsed, string id, CancellationToken cancellation) =>
        session.Gateway.DeleteAsync(GatewayClient.JobPath(id), cancellation);
}

internal static class ReasonBody
{
    public static JsonElement? Of(string? reason) => reason is null ? null : JsonSerializer.SerializeToElement(new { reason });
}
