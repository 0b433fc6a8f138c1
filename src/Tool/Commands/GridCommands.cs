using System.CommandLine;
using System.Text.Json;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

internal sealed class StatsCommand : Command
{
    public StatsCommand(ToolApp app) : base("stats", "Shows the grid's figures.") => app.SetAction(this, async (session, _, cancellation) =>
    {
        var json = await session.Gateway.GetAsync("stats", cancellation);
        session.Printer.Either(json, () => Print(session.Printer, json));
        return ExitCodes.Done;
    });

    private static void Print(Printer printer, JsonElement stats)
    {
        printer.Facts(
        [
            ("Backlog", Words.Of(stats.Number("backlog"))),
            ("Running", $"{Words.Of(stats.Number("running"))} of {Words.Of(stats.Number("slots"))} slots"),
            ("Oldest waiting", stats.Real("oldestWaitingSeconds") is > 0 and var oldest ? Words.Of(TimeSpan.FromSeconds(oldest)) : "none"),
            ("Submitted", $"{Words.Of(stats.Real("submittedPerSecond"))} a second"),
            ("Finished", $"{Words.Of(stats.Real("finishedPerSecond"))} a second"),
            ("Silos", Words.Of(stats.Items("silos").LongCount())),
            ("Stuck slots", stats.Number("stuckSlots") is > 0 and var stuck ? Words.Of(stuck) : null),
            ("Orphans", stats.Number("orphans") is > 0 and var orphans ? $"{Words.Of(orphans)}: jobs that nothing would wake" : null),
        ]);
        printer.Table(["QUEUE", "TYPE", "STATE", "JOBS"], stats.Items("counts").Select(count =>
            new[] { count.Text("queue") ?? "", count.Text("type") ?? "", count.Text("state") ?? "", Words.Of(count.Number("jobs")) }), "No jobs.");
    }
}

internal sealed class SilosCommand : Command
{
    public SilosCommand(ToolApp app) : base("silos", "Lists the silos and how busy they are.") => app.SetAction(this, async (session, _, cancellation) =>
    {
        var silos = (await session.Gateway.GetAsync("stats", cancellation)).Items("silos").ToList();
        if (session.Printer.AsJson) silos.ForEach(session.Printer.Json);
        else session.Printer.Table(["SILO", "ADDRESS", "BUSY", "SLOTS", "PARTITIONS", "STATE", "TYPES", "LONGEST RUNNING"], silos.Select(Row), "No silos.");
        return ExitCodes.Done;
    });

    private static string[] Row(JsonElement silo) =>
    [
        silo.Text("name") ?? "", silo.Text("address") ?? "", Words.Of(silo.Number("busy")), Words.Of(silo.Number("slots")), Words.Of(silo.Number("partitions")),
        (silo.Flag("draining") ? "draining" : "running") + (silo.Number("stuck") is > 0 and var stuck ? $", {stuck} stuck" : ""),
        string.Join(", ", silo.Items("types").Select(type => type.GetString())),
        silo.Items("jobs").Select(job => $"{job.Text("type")} {job.Text("id")} {Words.Of(TimeSpan.FromSeconds(job.Real("runningSeconds") ?? 0))}{(job.Flag("stuck") ? " stuck" : "")}{(job.Number("stalledSeconds") is { } stalled ? $", nothing new for {Words.Of(TimeSpan.FromSeconds(stalled))}" : "")}").FirstOrDefault() ?? "",
    ];
}

internal sealed class TypesCommand : Command
{
    public TypesCommand(ToolApp app) : base("types", "Lists the job types.") => app.SetAction(this, async (session, _, cancellation) =>
    {
        var json = await session.Gateway.GetAsync("job-types", cancellation);
        session.Printer.Either(json, () => session.Printer.Table(["TYPE", "QUEUE", "SILOS", "DESCRIPTION"], Lists.Of(json, "types").Select(type =>
            new[] { type.Text("name") ?? "", type.Text("queue") ?? "", Words.Of(type.Number("silos")), type.Text("description") ?? "" }), "No job types."));
        return ExitCodes.Done;
    });
}
