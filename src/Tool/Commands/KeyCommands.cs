using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobs.Tool.Completions;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

internal sealed class KeysCommand : Command
{
    public KeysCommand(ToolApp app) : base("keys", "Lists keys with jobs that run or wait: the busiest first.")
    {
        var prefix = new Option<string?>("--prefix") { Description = "Only keys of this prefix." };
        var limit = new Option<int>("--limit") { Description = "At most so many, up to 200.", DefaultValueFactory = _ => 50 };
        var rank = new Option<string?>("--rank") { Description = "busy (default); waiting: those where most waits; held: those that a limit or a pause holds back." }.Suggest("busy", "waiting", "held");
        Add(prefix);
        Add(limit);
        Add(rank);
        app.SetAction(this, async (session, parsed, cancellation) =>
        {
            var query = $"keys?limit={parsed.GetValue(limit)}{(parsed.GetValue(prefix) is { } name ? $"&prefix={Uri.EscapeDataString(name)}" : "")}"
                + (parsed.GetValue(rank) is { } word ? $"&rank={Uri.EscapeDataString(word)}" : "");
            var json = await session.Gateway.GetAsync(query, cancellation);
            session.Printer.Either(json, () => session.Printer.Table(Columns, json.Items("keys").Select(Row), "No keys."));
            return ExitCodes.Done;
        });
    }

    public static readonly string[] Columns = ["KEY", "RUNNING", "WAITING", "HELD BY", "LEFT", "NEXT", "PAUSED"];

    public static string[] Row(JsonElement key) =>
    [
        key.Text("key") ?? "", Words.Of(key.Number("running")), Words.Of(key.Number("waiting")), key.Text("held") ?? "", key.Number("left") is { } left ? Words.Of(left) : "",
        key.Instant("next") is { } next ? Words.Of(next) : "", key.Member("paused") is { } pause ? $"by {pause.Text("by")}" : "",
    ];
}

/// <summary><c>key</c> and what is done with the rule of a prefix or a key.</summary>
internal sealed class KeyCommand : Command
{
    public KeyCommand(ToolApp app) : base("key", "Rules of keys: tenant is each key that begins with tenant/, tenant/7 is one.")
    {
        Add(Of(app, "show", "The rule that holds, what waits and runs, and what is left of the rate.", [], (session, path, _, cancellation) => session.Gateway.GetAsync(path, cancellation)));
        Add(Put(app));
        Add(Delete(app));
        var reason = Inputs.Reason();
        Add(Of(app, "pause", "Starts nothing of it until it is resumed. What runs goes on.", [reason], (session, path, parsed, cancellation) =>
            session.Gateway.PostAsync(path + "/pause", ReasonBody.Of(parsed.GetValue(reason)), cancellation)));
        Add(Of(app, "resume", "Starts its jobs again.", [], (session, path, _, cancellation) => session.Gateway.PostAsync(path + "/resume", null, cancellation)));
    }

    private static Argument<string> NameOf() => new("name") { Description = "A prefix such as tenant, or a key such as tenant/7." };

    private static string Path(string name) => "keys/" + string.Join('/', name.Split('/').Select(Uri.EscapeDataString));

    private static Command Put(ToolApp app)
    {
        var rates = new RateOptions();
        var reject = new Option<bool>("--reject") { Description = "Refuse submits beyond the rate. Default: their jobs wait." };
        var order = new Option<string?>("--order") { Description = "any (default), fifo or fifo-start." }.Suggest("any", "fifo", "fifo-start");
        var weight = new Option<int?>("--weight") { Description = "Turns for one of others." };
        return Of(app, "put", "Puts the rule, in place of the one that was put before.", [.. rates.All, reject, order, weight], (session, path, parsed, cancellation) =>
        {
            var rule = rates.Of(parsed);
            if (parsed.GetValue(reject)) (rule["rate"] as JsonObject ?? throw new UsageException("--reject is of a --rate."))["on"] = "reject";
            if (parsed.GetValue(order) is { } word) rule["order"] = word;
            if (parsed.GetValue(weight) is { } turns) rule["weight"] = turns;
            return session.Gateway.PutAsync(path, JsonSerializer.SerializeToElement(rule), cancellation);
        });
    }

    private static Command Delete(ToolApp app)
    {
        var name = NameOf();
        var command = new Command("delete", "Takes the rule away; what is said of the prefix, or configured, holds again.") { name };
        app.SetAction(command, async (session, parsed, cancellation) =>
        {
            await session.Gateway.DeleteAsync(Path(parsed.GetValue(name)!), cancellation);
            if (!session.Printer.AsJson) session.Printer.Line($"The rule of {parsed.GetValue(name)} is gone.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Of(ToolApp app, string word, string what, Option[] options, Func<Session, string, ParseResult, CancellationToken, Task<JsonElement>> act)
    {
        var name = NameOf();
        var command = new Command(word, what) { name };
        foreach (var option in options) command.Add(option);
        app.SetAction(command, async (session, parsed, cancellation) =>
        {
            var json = await act(session, Path(parsed.GetValue(name)!), parsed, cancellation);
            session.Printer.Either(json, () => session.Printer.Table(KeysCommand.Columns, [KeysCommand.Row(json)], ""));
            return ExitCodes.Done;
        });
        return command;
    }
}
