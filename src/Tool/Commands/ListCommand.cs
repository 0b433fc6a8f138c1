using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using OrleansJobs.Tool.Completions;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

internal sealed class ListCommand : Command
{
    private const int MaxPage = 200;

    private readonly SearchOptions _search = new();
    private readonly WhereOption _where = new("Jobs that fit, as for retry, cancel, delete and move: a parameter of GET /jobs, such as state=FAILURE, tag.customer=7 or submittedAfter=1h; may be given several times.");
    private readonly Option<string?> _state = new Option<string?>("--state") { Description = "PENDING, PROGRESS, SUCCESS, FAILURE or REVOKED." }.Suggest(Suggestions.States);
    private readonly Option<string?> _type = new("--type") { Description = "Jobs of this type." };
    private readonly Option<string?> _queue = new("--queue") { Description = "Jobs of this queue." };
    private readonly Option<string?> _parent = new("--parent") { Description = "Children of this flow." };
    private readonly Option<string?> _schedule = new("--schedule") { Description = "Occurrences of this schedule." };
    private readonly Option<bool> _due = new("--due") { Description = "Jobs that wait for an instant, soonest first." };
    private readonly Option<string[]> _tags = Inputs.Tags("Jobs with this tag.");
    private readonly Option<double?> _since = new("--since") { Description = "Submitted within so long, such as 1h.", CustomParser = Durations.Parse };
    private readonly Option<int> _limit = new("--limit") { Description = "At most so many jobs.", DefaultValueFactory = _ => 20 };

    public ListCommand(ToolApp app) : base("list", "Lists jobs, newest first, or with --due by when they are due.")
    {
        foreach (var option in new Option[] { _state, _type, _queue, _parent, _schedule, _tags, _since, _due, _limit }) Add(option);
        foreach (var option in _search.All) Add(option);
        Add(_where.Option);
        app.SetAction(this, RunAsync);
    }

    private async Task<int> RunAsync(Session session, ParseResult parsed, CancellationToken cancellation)
    {
        var left = parsed.GetValue(_limit);
        if (left < 1) throw new UsageException("--limit must be 1 or more.");
        var byDue = parsed.GetValue(_due);
        var filter = Filter(session, parsed) + Parameter("order", byDue ? "due" : null);
        var jobs = new List<Job>();
        string? cursor = null;
        long looked = 0;
        do
        {
            var page = await session.Gateway.GetAsync($"jobs?limit={Math.Min(left, MaxPage)}{filter}{Parameter("cursor", cursor)}", cancellation);
            // A page may be empty and still not be the last: its work is bounded, not its outcome.
            foreach (var job in page.Items("jobs").Take(left))
            {
                left--;
                if (session.Printer.AsJson) session.Printer.Json(job);
                else jobs.Add(new Job(job));
            }

            cursor = page.Text("cursor");
            looked += page.Member("search")?.Number("lookedAt") ?? 0;
            if (session.Printer.IsInteractive && left > 0 && cursor is not null && page.Member("search") is { } search)
                session.Surroundings.Error.WriteLine($"Looked at {Words.Of(looked)} jobs, {(byDue ? "up to those due" : "down to those submitted")} {Words.Of(search.Instant("reached"))}");
        }
        while (left > 0 && cursor is not null);

        if (!session.Printer.AsJson && byDue) session.Printer.Table(["ID", "TYPE", "QUEUE", "DUE", "SUBMITTED", "SCHEDULE"], jobs.Select(DueRow), "No jobs wait for an instant.");
        else if (!session.Printer.AsJson) session.Printer.Table(["ID", "TYPE", "QUEUE", "STATE", "PROGRESS", "SUBMITTED", "STATUS"], jobs.Select(Row), "No jobs.");
        return ExitCodes.Done;
    }

    private string Filter(Session session, ParseResult parsed)
    {
        var filter = Given(session, parsed).Where(one => one.Value is not null).Select(one => (one.Name, Value: one.Value!)).ToList();
        WhereOption.RefuseTwice(filter);
        return string.Concat(filter.Select(one => Parameter(one.Name, one.Value)));
    }

    private IEnumerable<(string Name, string? Value)> Given(Session session, ParseResult parsed)
    {
        yield return ("state", parsed.GetValue(_state)?.ToUpperInvariant());
        yield return ("type", parsed.GetValue(_type));
        yield return ("queue", parsed.GetValue(_queue));
        yield return ("parent", parsed.GetValue(_parent));
        yield return ("schedule", parsed.GetValue(_schedule));
        if (parsed.GetValue(_since) is { } seconds)
            yield return ("submittedAfter", session.Surroundings.Time.GetUtcNow().AddSeconds(-seconds).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        foreach (var (name, value) in _search.Read(session, parsed)) yield return (name, value);
        foreach (var tag in parsed.GetValue(_tags) ?? [])
        {
            var (name, value) = Inputs.Pair("--tag", tag);
            yield return ("tag." + name, value);
        }

        foreach (var (name, value) in _where.Read(session, parsed)) yield return (name, value);
    }

    private static string Parameter(string name, string? value) => value is null ? "" : $"&{Uri.EscapeDataString(name)}={Uri.EscapeDataString(value)}";

    private static string[] DueRow(Job job) =>
    [
        job.Id, job.Type, job.Queue, Words.Of(job.Json.Instant("dueAt")), Words.Of(job.Json.Instant("submittedAt")), job.Json.Text("schedule") ?? "",
    ];

    private static string[] Row(Job job) =>
    [
        job.Id, job.Type, job.Queue, job.State + (job.Phase is { } phase and not "running" ? $" ({phase})" : ""), $"{job.Percent}%",
        Words.Of(job.Json.Instant("submittedAt")), job.Json.Member("error")?.Text("message") ?? job.Message,
    ];
}
