using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

internal sealed class CopyCommand : Command
{
    private readonly Argument<string> _id = Inputs.Id();
    private readonly Argument<string?> _args = new("args") { Description = "Other arguments as JSON; @file or - (standard input) to read them. Default: those of the job.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string[]> _arg = new("--arg", "-a") { Description = "One member of other arguments. A value that is JSON counts as such, any other as a string.", HelpName = "name=value" };
    private readonly Option<string?> _queue = new("--queue") { Description = "Default: that of the job." };
    private readonly Option<int?> _priority = new("--priority") { Description = "0 to 9; higher first. Default: that of the job." };
    private readonly Option<double?> _countdown = new("--countdown") { Description = "Start so long after acceptance, such as 2h30m.", CustomParser = Durations.Parse };
    private readonly Option<string?> _eta = new("--eta") { Description = "Start at this instant, as RFC 3339 has it." };
    private readonly Option<bool> _watch = new("--watch", "-w") { Description = "Follow the new job to its end; the exit code says how it ended." };

    public CopyCommand(ToolApp app) : base("copy", "Submits another job like one, with what is said otherwise, and prints its id.")
    {
        foreach (var argument in new Argument[] { _id, _args }) Add(argument);
        foreach (var option in new Option[] { _arg, _queue, _priority, _countdown, _eta, _watch }) Add(option);
        app.SetAction(this, RunAsync);
    }

    private async Task<int> RunAsync(Session session, ParseResult parsed, CancellationToken cancellation)
    {
        var changes = new JsonObject();
        if (await JobArgs.ReadAsync(parsed.GetValue(_args), parsed.GetValue(_arg) ?? [], session.Surroundings.Input, cancellation) is { } args) changes["args"] = JsonSerializer.SerializeToNode(args);
        if (parsed.GetValue(_queue) is { } queue) changes["queue"] = queue;
        if (parsed.GetValue(_priority) is { } priority) changes["priority"] = priority;
        if (parsed.GetValue(_countdown) is { } countdown) changes["countdown"] = countdown;
        if (parsed.GetValue(_eta) is { } eta) changes["eta"] = eta;
        var path = GatewayClient.JobPath(parsed.GetValue(_id)!) + "/copy";
        var job = await session.Gateway.SubmitAsync(JsonSerializer.SerializeToElement(changes), Inputs.Key(session, null), cancellation, path);
        if (parsed.GetValue(_watch)) return await WatchView.RunAsync(session, [job.Id], cancellation);
        session.Printer.Either(job.Json, () => session.Printer.Line(job.Id));
        return ExitCodes.Done;
    }
}
