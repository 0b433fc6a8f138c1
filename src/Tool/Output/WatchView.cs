using System.Text.Json;
using OrleansJobs.Tool.Gateway;
using Spectre.Console;

namespace OrleansJobs.Tool.Output;

/// <summary>Shows jobs while they are followed: bars on a terminal, a line for each change elsewhere, JSON where asked for.</summary>
internal static class WatchView
{
    private const int MaxDescription = 60;

    /// <returns>The exit code: the first job's that did not succeed.</returns>
    public static async Task<int> RunAsync(Session session, IReadOnlyList<string> ids, CancellationToken cancellation)
    {
        var watch = new JobWatch(session.Gateway, session.Surroundings.Time);
        var printer = session.Printer;
        Job[] last;
        if (printer.AsJson) last = await watch.RunAsync(ids, job => printer.Json(job.Json), cancellation);
        else if (printer.IsInteractive) last = await WithBarsAsync(printer.Console, watch, ids, cancellation);
        else last = await watch.RunAsync(ids, job => printer.Line(Printer.Summary(job)), cancellation);
        if (!printer.AsJson)
        {
            foreach (var job in last) printer.Line(Outcome(job));
        }

        return last.Select(job => job.ExitCode).FirstOrDefault(code => code != ExitCodes.Done);
    }

    private static Task<Job[]> WithBarsAsync(IAnsiConsole console, JobWatch watch, IReadOnlyList<string> ids, CancellationToken cancellation) => console.Progress()
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
        .StartAsync(async context =>
        {
            var bars = ids.Distinct().ToDictionary(id => id, id => context.AddTask(Describe(id, ""), autoStart: true, maxValue: 100));
            return await watch.RunAsync(ids, job =>
            {
                var bar = bars[job.Id];
                bar.Description = Describe(job.Id, job.State == "PENDING" ? job.Phase ?? job.State : job.Message);
                bar.Value = job.State == "SUCCESS" ? 100 : job.Percent;
                if (job.IsFinished) bar.StopTask();
            }, cancellation);
        });

    private static string Describe(string id, string what)
    {
        var text = $"{(id.Length > 13 ? id[..6] + "…" + id[^6..] : id)} {Plain.Line(what)}";
        return Markup.Escape(text.Length > MaxDescription ? text[..(MaxDescription - 1)] + "…" : text);
    }

    private static string Outcome(Job job) => job.State switch
    {
        "SUCCESS" => $"{job.Id} succeeded: {(job.Json.Member("result") is { } result ? JsonSerializer.Serialize(result) : "null")}",
        "FAILURE" => $"{job.Id} failed: {job.Json.Member("error")?.Text("code")}: {job.Json.Member("error")?.Text("message")}",
        "REVOKED" => $"{job.Id} was cancelled",
        _ => Printer.Summary(job),
    };
}
