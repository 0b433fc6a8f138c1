using System.CommandLine;
using System.Text.Json;
using OrleansJobs.Tool.Gateway;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Commands;

/// <summary>What a command takes that may be done to all jobs that fit. The grid does it; the tool counts first, begins it, and watches.</summary>
internal sealed class ActionOptions
{
    /// <summary>So many are acted on without being asked twice.</summary>
    public const int Few = 100;

    private readonly WhereOption _where = new("All jobs that fit, in place of ids: a parameter of GET /jobs, such as state=FAILURE, tag.customer=7 or submittedAfter=1h; may be given several times.");
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "With --where: only say how many there are." };
    private readonly Option<bool> _yes = new("--yes", "-y") { Description = $"With --where: do it although there are more than {Few}." };

    public IEnumerable<Option> All => [_where.Option, _dryRun, _yes];

    /// <returns>Null: it is asked for by ids.</returns>
    /// <exception cref="UsageException">It is none.</exception>
    public (string Name, string Value)[]? Filter(Session session, ParseResult parsed)
    {
        if (_where.Read(session, parsed) is { Length: > 0 } where) return where;
        return parsed.GetValue(_dryRun) || parsed.GetValue(_yes) ? throw new UsageException("--dry-run and --yes go with --where.") : null;
    }

    public async Task<int> RunAsync(Session session, ParseResult parsed, string action, (string Name, string Value)[] where, string? reason, CancellationToken cancellation)
    {
        var filter = where.ToDictionary(one => one.Name, one => one.Value);
        var isDryRun = parsed.GetValue(_dryRun);
        if (isDryRun || !parsed.GetValue(_yes))
        {
            if (await CountAsync(session, action, filter, cancellation) is not { } count) return ExitCodes.JobFailed;
            if (isDryRun || count > Few)
            {
                session.Printer.Either(JsonSerializer.SerializeToElement(new { matched = count }), () => session.Printer.Line($"{Words.Of(count)} {(count == 1 ? "job fits" : "jobs fit")}. Nothing was done."));
                if (isDryRun) return ExitCodes.Done;
                session.Surroundings.Error.WriteLine($"Of more than {Few} jobs it has to be said that they are meant: give --yes.");
                return ExitCodes.Usage;
            }
        }

        var job = await BeginAsync(session, new Dictionary<string, object?> { ["action"] = action, ["filter"] = filter, ["reason"] = reason }, cancellation);
        return await WatchView.RunAsync(session, [job.Id], cancellation);
    }

    /// <returns>Null: it could not be counted, and it was said why.</returns>
    private static async Task<long?> CountAsync(Session session, string action, Dictionary<string, string> filter, CancellationToken cancellation)
    {
        var job = await BeginAsync(session, new Dictionary<string, object?> { ["action"] = action, ["filter"] = filter, ["dryRun"] = true }, cancellation);
        job = (await new JobWatch(session.Gateway, session.Surroundings.Time).RunAsync([job.Id], _ => { }, cancellation))[0];
        if (job.Json.Member("result")?.Number("done") is { } done) return done;
        session.Surroundings.Error.WriteLine(Plain.Line($"They could not be counted: {job.Json.Member("error")?.Text("message") ?? job.Message}"));
        return null;
    }

    private static async Task<Job> BeginAsync(Session session, Dictionary<string, object?> order, CancellationToken cancellation)
    {
        var body = JsonSerializer.SerializeToElement(order.Where(member => member.Value is not null).ToDictionary());
        // By the dot it is a path: what stands before a colon could be a scheme.
        return new Job(await session.Gateway.PostSafelyAsync("./jobs:act", body, Inputs.Key(session, null), cancellation));
    }
}
