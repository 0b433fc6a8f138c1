using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;
using OrleansJobs.Bench.Questions;

namespace OrleansJobs.Bench;

/// <summary>Asks a question of ours and of each peer in turn, so that whatever else the machine does hits all of them.</summary>
internal static class Runner
{
    public static async Task RunAsync(Question question, Settings settings, TextWriter output, TextWriter notes)
    {
        var contenders = Contenders(settings);
        var report = new Report(question.Name, settings.ToJson(), contenders);
        for (var repeat = 1; repeat <= settings.Repeats; repeat++)
        {
            foreach (var name in contenders)
            {
                await using var contender = Peers.Create(name, question.StageFor(settings));
                report.SyncedBy(name, contender.Synced);
                await contender.StartAsync();
                var measured = await question.MeasureAsync(contender, settings);
                report.Add(name, measured);
                var (figure, value) = measured.Values[0];
                await notes.WriteLineAsync($"{question.Name} {repeat}/{settings.Repeats} {name}: {value:G5} {figure.Unit}");
            }
        }

        report.WriteTable(output);
        await output.WriteLineAsync(report.ToJson());
    }

    /// <summary>Who is asked, in the order of each repetition.</summary>
    public static string[] Contenders(Settings settings) => settings is { Alone: true, Against.Count: > 0 } ? [.. settings.Against] : [Report.Ours, .. settings.Against];
}
