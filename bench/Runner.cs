using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Measuring;
using OrleansJobs.Bench.Questions;

namespace OrleansJobs.Bench;

/// <summary>Asks a question of ours and of a peer in turn, so that whatever else the machine does hits both.</summary>
internal static class Runner
{
    public static async Task RunAsync(Question question, Settings settings, TextWriter output, TextWriter notes)
    {
        string[] contenders = settings.Against is not { } peer ? [Report.Ours] : settings.Alone ? [peer] : [Report.Ours, peer];
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
}
