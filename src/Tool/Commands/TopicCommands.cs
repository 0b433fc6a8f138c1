using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

internal sealed class PublishCommand : Command
{
    private readonly Argument<string> _key = new("key") { Description = "Such as orders.eu.created." };
    private readonly Argument<string?> _body = new("body") { Description = "What is published, as JSON; @file or - (standard input) to read it. Default: null.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _id = new("--event-id") { Description = "Published again under the same one, nothing is made twice. Default: a fresh one." };

    public PublishCommand(ToolApp app) : base("publish", "Publishes an event: a job for each binding that fits. Prints their ids.")
    {
        Add(_key);
        Add(_body);
        Add(_id);
        app.SetAction(this, RunAsync);
    }

    private async Task<int> RunAsync(Session session, ParseResult parsed, CancellationToken cancellation)
    {
        var body = await JobArgs.ReadAsync(parsed.GetValue(_body), [], session.Surroundings.Input, cancellation) ?? JsonElement.Parse("null");
        var id = parsed.GetValue(_id) ?? Guid.NewGuid().ToString();
        var answer = await session.Gateway.PublishAsync($"topics/{Uri.EscapeDataString(parsed.GetValue(_key)!)}", body, id, cancellation);
        session.Printer.Either(answer, () =>
        {
            foreach (var job in answer.Items("jobs")) session.Printer.Line(job.Text("id") ?? "");
        });
        return ExitCodes.Done;
    }
}

internal sealed class BindingsCommand : Command
{
    public BindingsCommand(ToolApp app) : base("bindings", "Lists which events are jobs of which type.")
    {
        app.SetAction(this, async (session, _, cancellation) =>
        {
            var rows = new List<string[]>();
            for (string? cursor = ""; cursor is not null;)
            {
                var page = await session.Gateway.GetAsync($"bindings?limit=200{(cursor.Length > 0 ? $"&cursor={Uri.EscapeDataString(cursor)}" : "")}", cancellation);
                if (session.Printer.AsJson) session.Printer.Json(page);
                rows.AddRange(page.Items("bindings").Select(Row));
                cursor = page.Text("cursor");
            }

            if (!session.Printer.AsJson) session.Printer.Table(["BINDING", "PATTERN", "TYPE", "QUEUE"], rows, "No bindings.");
            return ExitCodes.Done;
        });
    }

    public static string[] Row(JsonElement binding) => [binding.Text("id") ?? "", binding.Text("pattern") ?? "", binding.Text("type") ?? "", binding.Text("queue") ?? ""];
}

/// <summary><c>binding</c> and what is done with one.</summary>
internal sealed class BindingCommand : Command
{
    public BindingCommand(ToolApp app) : base("binding", "Which events are jobs of which type.")
    {
        Add(Put(app));
        Add(Show(app));
        Add(Delete(app));
    }

    private static Argument<string> IdOf() => new("id") { Description = "The binding's name." };

    private static Command Put(ToolApp app)
    {
        var (id, pattern, type) = (IdOf(), new Argument<string>("pattern") { Description = "Words with dots between them: * is one, # any number." }, new Argument<string>("type") { Description = "The job type." });
        var args = new Argument<string?>("args") { Description = "The jobs' arguments, an object, to which what was published is added as event. Default: what was published.", Arity = ArgumentArity.ZeroOrOne };
        var queue = new Option<string?>("--queue") { Description = "The jobs' queue. Default: the type's." };
        var command = new Command("put", "Binds a job type to the keys that fit a pattern, in place of what the name was bound to.") { id, pattern, type, args, queue };
        app.SetAction(command, async (session, parsed, cancellation) =>
        {
            var body = new JsonObject { ["pattern"] = parsed.GetValue(pattern), ["type"] = parsed.GetValue(type) };
            if (parsed.GetValue(queue) is { } name) body["queue"] = name;
            if (await JobArgs.ReadAsync(parsed.GetValue(args), [], session.Surroundings.Input, cancellation) is { } given) body["args"] = JsonNode.Parse(given.GetRawText());
            return Print(session, await session.Gateway.PutAsync(Path(parsed.GetValue(id)!), JsonSerializer.SerializeToElement(body), cancellation));
        });
        return command;
    }

    private static Command Show(ToolApp app)
    {
        var id = IdOf();
        var command = new Command("show", "What is bound to it.") { id };
        app.SetAction(command, async (session, parsed, cancellation) => Print(session, await session.Gateway.GetAsync(Path(parsed.GetValue(id)!), cancellation)));
        return command;
    }

    private static Command Delete(ToolApp app)
    {
        var id = IdOf();
        var command = new Command("delete", "Takes it away. Its jobs stay.") { id };
        app.SetAction(command, async (session, parsed, cancellation) =>
        {
            await session.Gateway.DeleteAsync(Path(parsed.GetValue(id)!), cancellation);
            if (!session.Printer.AsJson) session.Printer.Line($"The binding {parsed.GetValue(id)} is gone.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static int Print(Session session, JsonElement binding)
    {
        session.Printer.Either(binding, () => session.Printer.Table(["BINDING", "PATTERN", "TYPE", "QUEUE"], [BindingsCommand.Row(binding)], ""));
        return ExitCodes.Done;
    }

    private static string Path(string id) => $"bindings/{Uri.EscapeDataString(id)}";
}
