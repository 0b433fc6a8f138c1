using System.CommandLine;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

internal sealed class BackUpCommand : Command
{
    /// <summary>The grid allows as much: a copy of many gigabytes takes minutes, and who gave up too soon would ask for a second one beside it.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromHours(1);

    public BackUpCommand(ToolApp app) : base("backup", "Writes a copy of the store's file into the configured folder, while jobs run.") => app.SetAction(this, async (session, _, cancellation) =>
    {
        var json = await session.Gateway.PostAsync("store/backup", null, cancellation, Timeout);
        session.Printer.Either(json, () => session.Printer.Line($"{json.Text("name")}, {Words.Of(json.Number("bytes"))} bytes."));
        return ExitCodes.Done;
    });
}
