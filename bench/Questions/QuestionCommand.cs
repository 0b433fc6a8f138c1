using System.CommandLine;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Questions;

/// <summary>The command line of a question: the same options for all of them.</summary>
internal static class QuestionCommand
{
    public static Command For(Question question)
    {
        var against = Against(question.Peers);
        var alone = new Option<bool>("--alone") { Description = "Asks only the peers: to find their best settings." };
        var smoke = new Option<bool>("--smoke") { Description = "Once and tiny: shows that it works, measures nothing." };
        var repeats = new Option<int?>("--repeats") { Description = "How often; the median counts. Default 3." };
        var count = Number("--count", "Jobs, or whatever the question counts.");
        var seconds = Number("--seconds", "Duration, where the question has one.");
        var inflight = Number("--inflight", "Submits that wait for their acknowledgement at a time.");
        var batch = Number("--batch", "Jobs of one batch.");
        var payload = Number("--payload", "Bytes of text in a job's arguments.");
        var connections = Number("--connections", "Connections, over HTTP.");
        var workers = Number("--workers", "Worker processes.");
        var slots = Number("--slots", "Jobs that one worker may run at a time.");
        var partitions = Number("--partitions", "Partitions of our grid. Default 32.");
        var layout = new Option<Layout>("--layout") { Description = "Where our load generator runs: in the silo's process or in one of its own." };
        var durability = new Option<Durability?>("--durability") { Description = "What the stores of all contenders sync before they answer: none, everysec, always. Default: the least that all of them have." };
        durability.AcceptOnlyFromAmong([.. Enum.GetNames<Durability>().Select(name => name.ToLowerInvariant())]);
        var warm = new Option<bool>("--warm") { Description = "Tells the first jobs after a start (100,000, or --count) from as many next ones: drain, end-to-end." };
        var store = new Option<Store>("--store") { Description = "Where our grid keeps its jobs: in Redis, or one silo in a file of SQLite (which syncs each commit with --durability always)." };
        var command = new Command(question.Name, question.Description);
        foreach (var option in (Option[])[smoke, repeats, count, seconds, inflight, batch, payload, connections, workers, slots, partitions, layout, durability, warm, store]) command.Add(option);
        if (question.Peers.Length > 0)
        {
            command.Add(against);
            command.Add(alone);
        }

        command.Validators.Add(result =>
        {
            if (result.Errors.Any()) return;
            try
            {
                Peers.Agree(question.Peers.Length > 0 ? result.GetValue(against) ?? [] : [], result.GetValue(durability));
            }
            catch (ArgumentException exception)
            {
                result.AddError(exception.Message);
            }
        });
        command.SetAction(async (parsed, _) =>
        {
            var peers = question.Peers.Length > 0 ? parsed.GetValue(against) ?? [] : [];
            var settings = new Settings
            {
                Against = peers,
                Alone = question.Peers.Length > 0 && parsed.GetValue(alone),
                Smoke = parsed.GetValue(smoke),
                Repeats = parsed.GetValue(repeats) ?? (parsed.GetValue(smoke) ? 1 : 3),
                Count = parsed.GetValue(count),
                Seconds = parsed.GetValue(seconds),
                InFlight = parsed.GetValue(inflight),
                Batch = parsed.GetValue(batch),
                Payload = parsed.GetValue(payload),
                Connections = parsed.GetValue(connections),
                Workers = parsed.GetValue(workers),
                Slots = parsed.GetValue(slots),
                Partitions = parsed.GetValue(partitions) is > 0 and var some ? some : 32,
                Layout = parsed.GetValue(layout),
                Durability = Peers.Agree(peers, parsed.GetValue(durability)),
                Warm = parsed.GetValue(warm),
                Store = parsed.GetValue(store),
            };
            await Runner.RunAsync(question, settings, Console.Out, Console.Error);
            return 0;
        });
        return command;
    }

    private static Option<string[]> Against(string[] peers) => new("--against")
    {
        Description = $"Peers to be asked the same in the same run, in turn; several with commas between them, or the option again: {string.Join(", ", peers)}.",
        HelpName = "peer,...",
        CustomParser = result =>
        {
            string[] named = [.. result.Tokens.SelectMany(token => token.Value.Split(',', StringSplitOptions.TrimEntries))];
            foreach (var name in named.Where(name => !peers.Contains(name))) result.AddError($"There is no peer '{name}' for this question, but: {string.Join(", ", peers)}.");
            foreach (var name in named.GroupBy(name => name).Where(name => name.Count() > 1)) result.AddError($"The peer '{name.Key}' is named twice.");
            return named;
        },
    };

    private static Option<int> Number(string name, string description)
    {
        var option = new Option<int>(name) { Description = description };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() < 1) result.AddError($"{name} must be at least 1.");
        });
        return option;
    }
}
