using System.CommandLine;
using System.Text.Json;
using OrleansJobs.Tool.Gateway;

namespace OrleansJobs.Tool.Commands;

internal sealed class SignalCommand : Command
{
    private static readonly JsonElement Nothing = JsonElement.Parse("null");

    private readonly Argument<string> _id = Inputs.Id();
    private readonly Argument<string> _name = new("name") { Description = "The signal's name." };
    private readonly Argument<string?> _body = new("body") { Description = "What it says, as JSON; @file or - (standard input) to read it. Default: null.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _idempotencyKey = Inputs.IdempotencyKey("Of signals under the same key the job gets one. Default: a fresh one.");

    public SignalCommand(ToolApp app) : base("signal", "Sends a job something that it waits for, or will.")
    {
        foreach (var argument in new Argument[] { _id, _name, _body }) Add(argument);
        Add(_idempotencyKey);
        app.SetAction(this, RunAsync);
    }

    private async Task<int> RunAsync(Session session, ParseResult parsed, CancellationToken cancellation)
    {
        var body = await JobArgs.ReadAsync(parsed.GetValue(_body), [], session.Surroundings.Input, cancellation) ?? Nothing;
        var path = $"{GatewayClient.JobPath(parsed.GetValue(_id)!)}/signals/{Uri.EscapeDataString(parsed.GetValue(_name)!)}";
        var answer = await session.Gateway.PostSafelyAsync(path, body, Inputs.Key(session, parsed.GetValue(_idempotencyKey)), cancellation);
        if (session.Printer.AsJson) session.Printer.Json(answer);
        return ExitCodes.Done;
    }
}
