using System.CommandLine;
using System.Text.Json;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

/// <summary>What is done with flows that are data.</summary>
internal sealed class FlowCommand : Command
{
    public FlowCommand(ToolApp app) : base("flow", "Flows that are given as data.") => Add(new FlowSubmitCommand(app));
}

internal sealed class FlowSubmitCommand : Command
{
    private readonly Argument<string> _file = new("file") { Description = "A file with the flow as JSON; - reads the standard input." };
    private readonly Option<string?> _idempotencyKey = Inputs.IdempotencyKey("Submits under the same key make one flow. Default: a fresh one, unless the flow has an id.");
    private readonly Option<bool> _watch = new("--watch", "-w") { Description = "Follow the flow to its end; the exit code says how it ended." };

    public FlowSubmitCommand(ToolApp app) : base("submit", "Hands a flow to the grid and prints its id.")
    {
        Add(_file);
        Add(_idempotencyKey);
        Add(_watch);
        app.SetAction(this, RunAsync);
    }

    private async Task<int> RunAsync(Session session, ParseResult parsed, CancellationToken cancellation)
    {
        var file = parsed.GetValue(_file)!;
        var flow = (await JobArgs.ReadAsync(file == "-" ? file : "@" + file, [], session.Surroundings.Input, cancellation))!.Value;
        var hasId = flow.ValueKind == JsonValueKind.Object && flow.TryGetProperty("id", out _);
        var key = parsed.GetValue(_idempotencyKey);
        if (hasId && key is not null) throw new UsageException("The flow has an id, which is a key itself: give no --idempotency-key.");
        var job = await session.Gateway.SubmitAsync(flow, hasId ? null : Inputs.Key(session, key), cancellation, "flows");
        if (!parsed.GetValue(_watch))
        {
            session.Printer.Either(job.Json, () => session.Printer.Line(job.Id));
            return ExitCodes.Done;
        }

        if (!session.Printer.AsJson && !session.Printer.IsInteractive) session.Printer.Line(job.Id);
        return await WatchView.RunAsync(session, [job.Id], cancellation);
    }
}
