using System.Globalization;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Hosting;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Schedules;

/// <summary>Reading schedules: all of them, one, its next instants and its newest occurrences.</summary>
internal sealed class ScheduleEndpoints(JobGrid grid, OwnAddress address)
{
    private const int DefaultPage = 50;
    private static readonly string[] PreviewParameters = ["cron", "every", "anchor", "zone", "start", "end", "count"];

    /// <summary>The id in the address; one that cannot name a schedule names none.</summary>
    public static string IdOf(HttpContext context) =>
        context.Request.RouteValues["id"] is string id && ScheduleLimits.IsId(id) ? id : throw new ProblemException(Problem.NoSuchSchedule);

    /// <summary>The schedule, where the caller may see it.</summary>
    public static ScheduleInfo Shown(ScheduleInfo? schedule, HttpContext context) =>
        schedule is not null && Caller.Of(context).MaySee(schedule.Spec) ? schedule : throw new ProblemException(Problem.NoSuchSchedule);

    public async Task ListAsync(HttpContext context)
    {
        var parameters = Parameters(context, ["limit", "cursor"]);
        var limit = Limit(parameters, "limit", DefaultPage, JobLimits.MaxPage);
        var cursor = parameters.GetValueOrDefault("cursor");
        if (cursor is not null && !ScheduleLimits.IsId(cursor)) throw new ProblemException(Problem.OfQuery("cursor", "It must be the cursor of a page."));
        var info = await grid.InfoAsync();
        var page = await SchedulePage.ReadAsync(grid.Schedules, info.Partitions, cursor, limit);
        var caller = Caller.Of(context);
        if (page.Cursor is not null)
            context.Response.Headers.Link = $"<{address.Of(context, $"/schedules?limit={limit.ToString(CultureInfo.InvariantCulture)}&cursor={page.Cursor}")}>; rel=\"next\"";
        await SendAsync(context, json =>
        {
            json.Writer.WriteStartObject();
            json.Writer.WriteStartArray("schedules"u8);
            foreach (var schedule in page.Schedules.Where(schedule => caller.MaySee(schedule.Spec))) ScheduleJson.Write(json.Writer, schedule);
            json.Writer.WriteEndArray();
            if (page.Cursor is not null) json.Writer.WriteString("cursor"u8, page.Cursor);
            json.Writer.WriteEndObject();
        });
    }

    public async Task GetAsync(HttpContext context)
    {
        var id = IdOf(context);
        var schedule = Shown(await grid.SchedulesOf(id, await grid.InfoAsync()).GetSchedule(id), context);
        await SendAsync(context, schedule);
    }

    public async Task RunsAsync(HttpContext context)
    {
        var id = IdOf(context);
        Parameters(context, []);
        var partition = grid.SchedulesOf(id, await grid.InfoAsync());
        await GuardAsync(context, partition, id);
        var runs = await partition.RunsOfSchedule(id) ?? throw new ProblemException(Problem.NoSuchSchedule);
        await SendAsync(context, json =>
        {
            json.Writer.WriteStartObject();
            ScheduleJson.WriteRuns(json.Writer, runs);
            json.Writer.WriteEndObject();
        });
    }

    public async Task NextAsync(HttpContext context)
    {
        var id = IdOf(context);
        var count = Limit(Parameters(context, ["count"]), "count", ScheduleLimits.DefaultNext, ScheduleLimits.MaxNext);
        var partition = grid.SchedulesOf(id, await grid.InfoAsync());
        await GuardAsync(context, partition, id);
        var next = await partition.NextOfSchedule(id, count) ?? throw new ProblemException(Problem.NoSuchSchedule);
        await SendAsync(context, json => ScheduleJson.WriteNext(json.Writer, next));
    }

    /// <summary>The next instants of a schedule that somebody is still writing.</summary>
    public async Task PreviewAsync(HttpContext context)
    {
        var parameters = Parameters(context, PreviewParameters);
        var count = Limit(parameters, "count", ScheduleLimits.DefaultNext, ScheduleLimits.MaxNext);
        var spec = new ScheduleSpec
        {
            Type = "any", Cron = parameters.GetValueOrDefault("cron"), Zone = parameters.GetValueOrDefault("zone"), Every = Seconds(parameters, "every"),
            Anchor = Instant(parameters, "anchor"), Start = Instant(parameters, "start"), End = Instant(parameters, "end"),
        };
        var info = await grid.InfoAsync();
        var preview = await grid.Schedules(Random.Shared.Next(info.Partitions)).PreviewSchedule(spec, count);
        if (preview.Problems.Length > 0) throw new ProblemException(Problem.OfQuery(preview.Problems[0].Pointer[1..], preview.Problems[0].Detail));
        await SendAsync(context, json => ScheduleJson.WriteNext(json.Writer, preview.Next));
    }

    /// <summary>Whose key is limited to queues must not see what lies in others.</summary>
    public static async Task GuardAsync(HttpContext context, IPartitionSchedules partition, string id)
    {
        if (Caller.Of(context).IsLimited) Shown(await partition.GetSchedule(id), context);
    }

    public static Task SendAsync(HttpContext context, ScheduleInfo schedule, int code = StatusCodes.Status200OK)
    {
        context.Response.StatusCode = code;
        context.Response.Headers.ETag = ScheduleHeaders.ETag(schedule);
        return SendAsync(context, json => ScheduleJson.Write(json.Writer, schedule));
    }

    public static Task SendAsync(HttpContext context, Action<JsonBuffer> write)
    {
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        write(json);
        return json.SendAsync(context.Response);
    }

    private static Dictionary<string, string> Parameters(HttpContext context, string[] allowed)
    {
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, values) in context.Request.Query)
        {
            if (!allowed.Contains(name)) throw Wrong(name.Length > 64 ? name[..64] : name, "There is no such parameter.");
            if (values.Count > 1) throw Wrong(name, "It must be given once.");
            parameters[name] = values.ToString();
        }

        return parameters;
    }

    private static int Limit(Dictionary<string, string> parameters, string name, int otherwise, int most)
    {
        if (!parameters.TryGetValue(name, out var text)) return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= 1 && value <= most ? value : throw Wrong(name, $"It must be 1 to {most}.");
    }

    private static long? Seconds(Dictionary<string, string> parameters, string name)
    {
        if (!parameters.TryGetValue(name, out var text)) return null;
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < 1e12
            ? (long)Math.Round(seconds * 1000)
            : throw Wrong(name, "It must be a number of seconds.");
    }

    private static long? Instant(Dictionary<string, string> parameters, string name)
    {
        if (!parameters.TryGetValue(name, out var text)) return null;
        return Instants.TryParse(text, out var instant)
            ? instant.ToUnixTimeMilliseconds()
            : throw Wrong(name, "It must be an instant with an offset as RFC 3339 has it, such as 2030-01-31T12:00:00Z.");
    }

    private static ProblemException Wrong(string parameter, string detail) => new(Problem.OfQuery(parameter, detail));
}
