using System.CommandLine;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

internal sealed class BackUpCommand : Command
{
    public BackUpCommand(ToolApp app) : base("backup", "Writes a copy of the store's file into the configured folder, while jobs run.") => app.SetAction(this, async (session, _, cancellation) =>
    {
        var json = await session.Gateway.PostAsync("store/backup", null, cancellation);
        session.Printer.Either(json, () => session.Printer.Line($"{json.Text("name")}, {Words.Of(json.Number("bytes"))} bytes."));
        return ExitCodes.Done;
    });
}
