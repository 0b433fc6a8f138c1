using System.CommandLine;
using System.Text.Json;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

internal sealed class QueuesCommand : Command
{
    public QueuesCommand(ToolApp app) : base("queues", "Lists the queues, and which of them are paused.") => app.SetAction(this, async (session, _, cancellation) =>
    {
        var json = await session.Gateway.GetAsync("queues", cancellation);
        session.Printer.Either(json, () => session.Printer.Table(["QUEUE", "PENDING", "RUNNING", "PAUSED", "REASON"], Lists.Of(json, "queues").Select(Row), "No queues."));
        return ExitCodes.Done;
    });

    public static string[] Row(JsonElement queue) =>
    [
        queue.Text("name") ?? "", Words.Of(queue.Number("pending")), Words.Of(queue.Number("running")),
        queue.Flag("paused") ? $"since {Words.Of(queue.Instant("since"))}" : "", queue.Text("reason") ?? "",
    ];
}

internal sealed class PauseCommand : Command
{
    private readonly Argument<string> _queue = Inputs.Queue();
    private readonly Option<string?> _reason = Inputs.Reason();

    public PauseCommand(ToolApp app) : base("pause", "Starts no job of a queue until it is resumed. Running ones go on.")
    {
        Add(_queue);
        Add(_reason);
        app.SetAction(this, async (session, parsed, cancellation) =>
        {
            var queue = parsed.GetValue(_queue)!;
            var json = await session.Gateway.PostAsync($"queues/{Uri.EscapeDataString(queue)}/pause", ReasonBody.Of(parsed.GetValue(_reason)), cancellation);
            session.Printer.Either(json, () => session.Printer.Line($"Queue {queue} is paused."));
            return ExitCodes.Done;
        });
    }
}

internal sealed class ResumeCommand : Command
{
    private readonly Argument<string> _queue = Inputs.Queue();

    public ResumeCommand(ToolApp app) : base("resume", "Starts the jobs of a queue again.")
    {
        Add(_queue);
        app.SetAction(this, async (session, parsed, cancellation) =>
        {
            var queue = parsed.GetValue(_queue)!;
            var json = await session.Gateway.PostAsync($"queues/{Uri.EscapeDataString(queue)}/resume", null, cancellation);
            session.Printer.Either(json, () => session.Printer.Line($"Queue {queue} runs."));
            return ExitCodes.Done;
        });
    }
}
