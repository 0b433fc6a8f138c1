using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobs.Tool.Bulk;
using OrleansJobs.Tool.Completions;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

internal sealed class SubmitCommand : Command
{
    private readonly Argument<string> _type = new("type") { Description = "The job type. With -, each line of the standard input is a submit: an object with the members of POST /jobs." };
    private readonly Argument<string?> _args = new("args") { Description = "The arguments as JSON; @file or - (standard input) to read them.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string[]> _arg = new("--arg", "-a") { Description = "One member of the arguments. A value that is JSON counts as such, any other as a string.", HelpName = "name=value" };
    private readonly Option<string?> _id = new("--id") { Description = "An id of your choice: a second submit of the same content under it answers the first job." };
    private readonly Option<string?> _idempotencyKey = Inputs.IdempotencyKey("Submits under the same key make one job; with -, the same lines the same jobs. Default: a fresh one, unless there is an --id.");
    private readonly Option<string?> _queue = new("--queue") { Description = "Default: what the handler says." };
    private readonly Option<int?> _priority = new("--priority") { Description = "0 to 9; higher first. Default 4." };
    private readonly Option<double?> _countdown = new("--countdown") { Description = "Start so long after acceptance, such as 90, 1.5s or 2h30m.", CustomParser = Durations.Parse };
    private readonly Option<string?> _eta = new("--eta") { Description = "Start at this instant, as RFC 3339 has it, such as 2030-01-31T12:00:00Z." };
    private readonly Option<double?> _expires = new("--expires") { Description = "Not started so long after acceptance, it fails as expired and never runs.", CustomParser = Durations.Parse };
    private readonly Option<double?> _deadline = new("--deadline") { Description = "Not ended so long after acceptance, it fails, however often it has run.", CustomParser = Durations.Parse };
    private readonly Option<int?> _attempts = new("--attempts") { Description = "Runs at most so often. Default: what the handler says." };
    private readonly Option<double?> _timeout = new("--timeout") { Description = "How long one attempt may run.", CustomParser = Durations.Parse };
    private readonly Option<double?> _retention = new("--retention") { Description = "How long the finished job is kept.", CustomParser = Durations.Parse };
    private readonly Option<string[]> _tags = Inputs.Tags("A tag; at most 16.");
    private readonly Option<string[]> _after = new("--after") { Description = "A job that must succeed first; id:end or id:failure for another end. At most 100.", HelpName = "id[:on]" };
    private readonly Option<bool> _cancelIfUnmet = new("--cancel-if-unmet") { Description = "Cancel it where a job that it is after ends otherwise. Default: it fails." };
    private readonly Option<string?> _key = new("--job-key") { Description = "Whose limits, order and turns it goes by, such as tenant/7." };
    private readonly Option<int?> _weight = new("--weight") { Description = "How many turns its key has for one of others, where no rule says it." };
    private readonly Option<string?> _unique = new("--unique") { Description = "It is the only one of this value; without a value, of its type and arguments.", Arity = ArgumentArity.ZeroOrOne, HelpName = "value" };
    private readonly Option<string?> _uniqueOn = new Option<string?>("--unique-on") { Description = "What becomes of it where there is one: return (default), reject, replace or debounce." }
        .Suggest("return", "reject", "replace", "debounce");
    private readonly Option<string?> _uniqueUntil = new Option<string?>("--unique-until") { Description = "Until when it is the only one: end (default) or start." }.Suggest("end", "start");
    private readonly Option<double?> _uniqueFor = new("--unique-for") { Description = "It keeps its value so long after it has ended in success, or started, and its result is shared.", CustomParser = Durations.Parse };
    private readonly Option<double?> _uniqueLongest = new("--unique-longest") { Description = "With --unique-on debounce: due at most so long after the first of those that pushed each other back.", CustomParser = Durations.Parse };
    private readonly Option<bool> _watch = new("--watch", "-w") { Description = "Follow the job to its end; the exit code says how it ended." };

    private readonly BulkSubmit _bulk = new();

    public SubmitCommand(ToolApp app) : base("submit", "Hands a job to the grid and prints its id; with -, as many as there are lines of the standard input.")
    {
        foreach (var argument in new Argument[] { _type, _args }) Add(argument);
        foreach (var option in new Option[] { _arg, _id, _idempotencyKey, _queue, _priority, _countdown, _eta, _expires, _deadline, _attempts, _timeout, _retention, _tags, _after, _cancelIfUnmet, _key, _weight, _unique, _uniqueOn, _uniqueUntil, _uniqueFor, _uniqueLongest, _watch }) Add(option);
        foreach (var option in _bulk.Options) Add(option);
        app.SetAction(this, RunAsync);
    }

    private async Task<int> RunAsync(Session session, ParseResult parsed, CancellationToken cancellation)
    {
        var isBulk = parsed.GetValue(_type) == "-";
        if (Options.FirstOrDefault(option => option != _idempotencyKey && _bulk.Options.Contains(option) != isBulk && parsed.GetResult(option) is { Implicit: false }) is { } foreign)
            throw new UsageException(isBulk ? $"{foreign.Name} is of one job; with submit - each line says what it wants." : $"{foreign.Name} goes with submit -, which reads many.");
        if (isBulk)
        {
            return parsed.GetValue(_args) is null
                ? await _bulk.RunAsync(session, parsed, parsed.GetValue(_idempotencyKey), cancellation)
                : throw new UsageException("With submit - each line has its own arguments, as its member args.");
        }

        var submission = await BuildAsync(session, parsed, cancellation);
        var job = await session.Gateway.SubmitAsync(submission, KeyOf(session, parsed), cancellation);
        if (!parsed.GetValue(_watch))
        {
            session.Printer.Either(job.Json, () => session.Printer.Line(job.Id));
            return ExitCodes.Done;
        }

        if (!session.Printer.AsJson && !session.Printer.IsInteractive) session.Printer.Line(job.Id);
        return await WatchView.RunAsync(session, [job.Id], cancellation);
    }

    /// <summary>What makes it safe to send the submit again: a key, or the id that the user chose. The gateway takes one of them.</summary>
    private string? KeyOf(Session session, ParseResult parsed)
    {
        var key = parsed.GetValue(_idempotencyKey);
        if (parsed.GetValue(_id) is null) return Inputs.Key(session, key);
        return key is null ? null : throw new UsageException("Give --id or --idempotency-key, not both: an id is a key itself.");
    }

    private async Task<JsonElement> BuildAsync(Session session, ParseResult parsed, CancellationToken cancellation)
    {
        var submission = new JsonObject { ["type"] = parsed.GetValue(_type) };
        var args = await JobArgs.ReadAsync(parsed.GetValue(_args), parsed.GetValue(_arg) ?? [], session.Surroundings.Input, cancellation);
        if (args is { } given) submission["args"] = JsonSerializer.SerializeToNode(given);
        Add("id", parsed.GetValue(_id));
        Add("queue", parsed.GetValue(_queue));
        Add("priority", parsed.GetValue(_priority));
        Add("countdown", parsed.GetValue(_countdown));
        Add("eta", parsed.GetValue(_eta));
        Add("expires", parsed.GetValue(_expires));
        Add("deadline", parsed.GetValue(_deadline));
        Add("attempts", parsed.GetValue(_attempts));
        Add("timeout", parsed.GetValue(_timeout));
        Add("retention", parsed.GetValue(_retention));
        if (parsed.GetValue(_after) is { Length: > 0 } after) submission["after"] = new JsonArray([.. after.Select(After)]);
        Add("key", parsed.GetValue(_key));
        Add("weight", parsed.GetValue(_weight));
        var (until, seconds, longest) = (parsed.GetValue(_uniqueUntil), parsed.GetValue(_uniqueFor), parsed.GetValue(_uniqueLongest));
        if (parsed.GetResult(_unique) is not null || parsed.GetValue(_uniqueOn) is not null || until is not null || seconds is not null || longest is not null)
        {
            var unique = new JsonObject();
            if (parsed.GetValue(_unique) is { } value) unique["value"] = value;
            if (until is not null) unique["until"] = until;
            if (seconds is not null) unique["seconds"] = seconds;
            if (parsed.GetValue(_uniqueOn) is { } on) unique["on"] = on;
            if (longest is not null) unique["longest"] = longest;
            submission["unique"] = unique;
        }

        if (parsed.GetValue(_cancelIfUnmet)) submission["onUnmet"] = "cancel";
        if (parsed.GetValue(_tags) is { Length: > 0 } tags)
        {
            var all = new JsonObject();
            foreach (var tag in tags)
            {
                var (name, value) = Inputs.Pair("--tag", tag);
                if (!all.TryAdd(name, JsonValue.Create(value))) throw new UsageException($"--tag {name} is given twice.");
            }

            submission["tags"] = all;
        }

        return JsonSerializer.SerializeToElement(submission);

        void Add<T>(string member, T? value)
        {
            if (value is not null) submission[member] = JsonValue.Create(value);
        }
    }

    private static JsonNode After(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? JsonValue.Create(text) : new JsonObject { ["job"] = text[..colon], ["on"] = text[(colon + 1)..] };
    }
}
