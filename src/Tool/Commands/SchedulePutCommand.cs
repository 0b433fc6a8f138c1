using System.CommandLine;
using System.Text.Json;
using OrleansJobs.Tool.Completions;

namespace OrleansJobs.Tool.Commands;

/// <summary><c>schedule put</c>: makes a schedule, or makes it what is said.</summary>
internal sealed class SchedulePutCommand : Command
{
    private readonly Argument<string> _id = ScheduleCommand.Id();
    private readonly Argument<string?> _type = new("type") { Description = "The type of its jobs; none where it has a flow.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Argument<string?> _args = new("args") { Description = "Their arguments as JSON; @file or - (standard input) to read them.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string[]> _arg = new("--arg", "-a") { Description = "One member of the arguments. A value that is JSON counts as such, any other as a string.", HelpName = "name=value" };
    private readonly Option<string?> _flow = new("--flow") { Description = "A file with a flow as JSON, in place of a type; - reads the standard input." };
    private readonly Option<string?> _cron = new("--cron") { Description = "Five fields, or six with seconds first, such as '30 2 * * MON-FRI'." };
    private readonly Option<double?> _every = new("--every") { Description = "So long from one instant to the next, such as 7m.", CustomParser = Durations.Parse };
    private readonly Option<string?> _anchor = new("--anchor") { Description = "An instant from which --every counts." };
    private readonly Option<string?> _zone = new("--zone") { Description = "An IANA name, such as Europe/Berlin. Default: UTC." };
    private readonly Option<string?> _start = new("--start") { Description = "No instant before." };
    private readonly Option<string?> _end = new("--end") { Description = "No instant after." };
    private readonly Option<int?> _count = new("--count") { Description = "So many instants." };
    private readonly Option<double?> _jitter = new("--jitter") { Description = "Each is due by a part of this later, the same each time.", CustomParser = Durations.Parse };
    private readonly Option<string?> _overlap = new Option<string?>("--overlap") { Description = "skip, queue, all, cancel or replace. Default: skip." }.Suggest("skip", "queue", "all", "cancel", "replace");
    private readonly Option<string?> _missed = new Option<string?>("--missed") { Description = "one, all or none. Default: one." }.Suggest("one", "all", "none");
    private readonly Option<double?> _missedAfter = new("--missed-after") { Description = "What is so late is missed. Default: what the grid says, 1m.", CustomParser = Durations.Parse };
    private readonly Option<double?> _missedWithin = new("--missed-within") { Description = "With --missed all: those at most so late. Default: 1h.", CustomParser = Durations.Parse };
    private readonly Option<string?> _queue = new("--queue") { Description = "Default: what the handler says." };
    private readonly Option<int?> _priority = new("--priority") { Description = "0 to 9; higher first. Default 4." };
    private readonly Option<int?> _attempts = new("--attempts") { Description = "Each runs at most so often." };
    private readonly Option<double?> _timeout = new("--timeout") { Description = "How long one attempt may run.", CustomParser = Durations.Parse };
    private readonly Option<double?> _deadline = new("--deadline") { Description = "An occurrence that has not ended so long after it was submitted fails.", CustomParser = Durations.Parse };
    private readonly Option<string?> _key = new("--job-key") { Description = "Whose limits, order and turns its jobs go by, such as tenant/7." };
    private readonly Option<int?> _weight = new("--weight") { Description = "How many turns the key has for one of others, where no rule says it." };
    private readonly Option<double?> _retention = new("--retention") { Description = "How long a finished occurrence is kept.", CustomParser = Durations.Parse };
    private readonly Option<string[]> _notify = new("--notify") { Description = "Who is called when an occurrence ends; before the URL and a '=', on what: failure,progress=https://example.org/hook.", HelpName = "[on=]url" };
    private readonly Option<string?> _ifMatch = ScheduleCommand.IfMatch();
    private readonly Option<string[]> _tags = Inputs.Tags("A tag of its jobs.");

    public SchedulePutCommand(ToolApp app) : base("put", "Makes a schedule, or makes it what is said.")
    {
        foreach (var argument in new Argument[] { _id, _type, _args }) Add(argument);
        foreach (var option in new Option[] { _arg, _flow, _cron, _every, _anchor, _zone, _start, _end, _count, _jitter, _overlap, _missed, _missedAfter, _missedWithin, _queue, _priority, _attempts, _timeout, _deadline, _retention, _key, _weight, _notify, _tags, _ifMatch }) Add(option);
        app.SetAction(this, RunAsync);
    }

    private async Task<int> RunAsync(Session session, ParseResult parsed, CancellationToken cancellation)
    {
        var body = new Dictionary<string, object>();
        if (parsed.GetValue(_type) is null == parsed.GetValue(_flow) is null) throw new UsageException("Give the type of its jobs, or --flow.");
        if (parsed.GetValue(_flow) is { } file) body["flow"] = (await JobArgs.ReadAsync(file == "-" ? file : "@" + file, [], session.Surroundings.Input, cancellation))!.Value;
        if (await JobArgs.ReadAsync(parsed.GetValue(_args), parsed.GetValue(_arg) ?? [], session.Surroundings.Input, cancellation) is { } args) body["args"] = args;
        Add("type", parsed.GetValue(_type));
        Add("cron", parsed.GetValue(_cron));
        Add("every", parsed.GetValue(_every));
        Add("anchor", parsed.GetValue(_anchor));
        Add("zone", parsed.GetValue(_zone));
        Add("start", parsed.GetValue(_start));
        Add("end", parsed.GetValue(_end));
        Add("count", parsed.GetValue(_count));
        Add("jitter", parsed.GetValue(_jitter));
        Add("overlap", parsed.GetValue(_overlap));
        Add("missed", parsed.GetValue(_missed));
        Add("missedAfter", parsed.GetValue(_missedAfter));
        Add("missedWithin", parsed.GetValue(_missedWithin));
        Add("queue", parsed.GetValue(_queue));
        Add("priority", parsed.GetValue(_priority));
        Add("attempts", parsed.GetValue(_attempts));
        Add("timeout", parsed.GetValue(_timeout));
        Add("deadline", parsed.GetValue(_deadline));
        Add("retention", parsed.GetValue(_retention));
        Add("key", parsed.GetValue(_key));
        Add("weight", parsed.GetValue(_weight));
        if (parsed.GetValue(_notify) is { Length: > 0 } notices) body["notify"] = notices.Select(Notice);
        if (parsed.GetValue(_tags) is { Length: > 0 } tags) body["tags"] = tags.Select(tag => Inputs.Pair("--tag", tag)).ToDictionary(tag => tag.Name, tag => tag.Value);
        ScheduleCommand.Summarize(session, await session.Gateway.PutAsync(ScheduleCommand.Path(parsed.GetValue(_id)!), JsonSerializer.SerializeToElement(body), cancellation, ScheduleCommand.ETag(parsed, _ifMatch)));
        return ExitCodes.Done;

        void Add(string member, object? value)
        {
            if (value is not null) body[member] = value;
        }
    }

    /// <summary>A URL, or what it is called on and the URL: there is a colon before any '=' of a URL.</summary>
    private static object Notice(string text)
    {
        var (equals, colon) = (text.IndexOf('=', StringComparison.Ordinal), text.IndexOf(':', StringComparison.Ordinal));
        return equals > 0 && (colon < 0 || equals < colon) ? new { url = text[(equals + 1)..], on = text[..equals].Split(',') } : text;
    }
}
