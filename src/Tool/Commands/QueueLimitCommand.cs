using System.CommandLine;
using System.Text.Json;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

/// <summary><c>limit</c> and what is done with the limits of a queue.</summary>
internal sealed class QueueLimitCommand : Command
{
    public QueueLimitCommand(ToolApp app) : base("limit", "Limits of a queue, over all keys and silos.")
    {
        Add(Of(app, "show", "The limits that hold, and what waits and runs.", [], (session, path, _, cancellation) => session.Gateway.GetAsync(path, cancellation)));
        var rates = new RateOptions();
        Add(Of(app, "put", "Puts the limits, in place of those that were put before. What runs goes on.", rates.All, (session, path, parsed, cancellation) =>
            session.Gateway.PutAsync(path, JsonSerializer.SerializeToElement(rates.Of(parsed)), cancellation)));
        var queue = Inputs.Queue();
        var delete = new Command("delete", "Takes the limits away; those that are configured hold again.") { queue };
        app.SetAction(delete, async (session, parsed, cancellation) =>
        {
            await session.Gateway.DeleteAsync(Path(parsed.GetValue(queue)!), cancellation);
            if (!session.Printer.AsJson) session.Printer.Line($"The limits of {parsed.GetValue(queue)} are gone.");
            return ExitCodes.Done;
        });
        Add(delete);
    }

    private static string Path(string queue) => $"queues/{Uri.EscapeDataString(queue)}/limits";

    private static Command Of(ToolApp app, string word, string what, Option[] options, Func<Session, string, ParseResult, CancellationToken, Task<JsonElement>> act)
    {
        var queue = Inputs.Queue();
        var command = new Command(word, what) { queue };
        foreach (var option in options) command.Add(option);
        app.SetAction(command, async (session, parsed, cancellation) =>
        {
            var json = await act(session, Path(parsed.GetValue(queue)!), parsed, cancellation);
            session.Printer.Either(json, () => session.Printer.Table(["QUEUE", "CONCURRENCY", "RATE", "RUNNING", "WAITING"], [Row(json)], ""));
            return ExitCodes.Done;
        });
        return command;
    }

    private static string[] Row(JsonElement queue) =>
    [
        queue.Text("queue") ?? "", queue.Number("concurrency") is { } most ? Words.Of(most) : "",
        queue.Member("rate") is { } rate ? $"{rate.Number("limit")} per {rate.GetProperty("per").GetDouble()} s, burst {rate.Number("burst")}" : "",
        Words.Of(queue.Number("running")) + (queue.Number("stuck") is > 0 and var stuck ? $", {Words.Of(stuck)} stuck" : ""), Words.Of(queue.Number("waiting")),
    ];
}
