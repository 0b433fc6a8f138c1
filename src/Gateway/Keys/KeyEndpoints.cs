using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Statuses;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Keys;

/// <summary>
/// Rules of keys, and how keys stand. A change holds in all of the grid when it is answered. Keys are of all queues, so API keys that are limited to some see none.
/// </summary>
internal sealed class KeyEndpoints(JobGrid grid, BodyReader bodies, ReasonReader reasons, Audit audit)
{
    private const int RuleBytes = 4096;
    private const int DefaultLimit = 50;

    /// <summary>The busiest keys.</summary>
    public async Task ListAsync(HttpContext context)
    {
        RefuseLimited(context);
        var prefix = One(context, "prefix");
        if (prefix is not null && !JobKeys.IsPrefix(prefix)) throw new ProblemException(Problem.OfQuery("prefix", "That is no prefix of keys."));
        var limit = Limit(context, "limit") ?? DefaultLimit;
        var rank = One(context, "rank") is { } word ? Array.IndexOf(KeyWords.Ranks, word) : 0;
        if (rank < 0) throw new ProblemException(Problem.OfQuery("rank", $"It must be {string.Join(", ", KeyWords.Ranks[..^1])} or {KeyWords.Ranks[^1]}."));
        var info = await grid.InfoAsync();
        var keys = await KeyQuestions.ListAsync(grid.Keys, prefix, limit, (KeyRank)rank, info.Partitions);
        await SendAsync(context, json =>
        {
            json.Writer.WriteStartObject();
            json.Writer.WriteStartArray("keys"u8);
            foreach (var key in keys) KeyJson.Write(json.Writer, key);
            json.Writer.WriteEndArray();
            json.Writer.WriteEndObject();
        });
    }

    public async Task GetAsync(HttpContext context)
    {
        var name = NameOf(context);
        if (Limit(context, "jobs") is not { } limit)
        {
            await AnswerAsync(context, name);
            return;
        }

        var info = await grid.InfoAsync();
        var (asked, jobs) = (KeyQuestions.GetAsync(grid.Keys, name, info.Partitions), KeyQuestions.JobsAsync(grid.Keys, name, limit, info.Partitions));
        var (key, line) = (await asked, await jobs);
        await SendAsync(context, json => KeyJson.Write(json.Writer, key, line));
    }

    public async Task PutAsync(HttpContext context)
    {
        var name = NameOf(context);
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } unfit) throw new ProblemException(unfit);
        KeyRule rule;
        using (var body = await bodies.ReadAsync(context, RuleBytes)) rule = KeyRuleReader.Read(body.Span);
        var answer = await ChangeAsync(context, "put", name, null, new() { Put = rule });
        await AnswerAsync(context, name, answer.Outcome == KeyOutcome.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    public async Task DeleteAsync(HttpContext context)
    {
        var name = NameOf(context);
        var answer = await ChangeAsync(context, "delete", name, ReasonReader.OfQuery(context.Request), new() { Delete = true });
        if (answer.Outcome == KeyOutcome.NotFound) throw new ProblemException(new(ProblemTypes.KeyNotFound, $"There is no rule of '{name}'."));
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    public async Task PauseAsync(HttpContext context)
    {
        var (name, reason) = (NameOf(context), await reasons.ReadAsync(context));
        await ChangeAsync(context, "pause", name, reason, new() { Pause = Audit.Order(context, reason) });
        await AnswerAsync(context, name);
    }

    public async Task ResumeAsync(HttpContext context)
    {
        var (name, reason) = (NameOf(context), await reasons.ReadAsync(context));
        await ChangeAsync(context, "resume", name, reason, new() { Resume = true });
        await AnswerAsync(context, name);
    }

    private async Task<KeyAnswer> ChangeAsync(HttpContext context, string what, string name, string? reason, KeyChange change)
    {
        var info = await grid.InfoAsync();
        var answer = await audit.KeyAsync(context, what, name, reason, () => grid.Keys(JobKeys.PartitionOf(name, info.Partitions)).ChangeKey(name, change));
        return answer.Outcome switch
        {
            KeyOutcome.Rejected => throw new ProblemException(SubmissionBuilder.OfRules(answer.Problems)),
            KeyOutcome.Full => throw new ProblemException(new(ProblemTypes.Overloaded, answer.Reason ?? "The grid is full.") { RetryAfter = TimeSpan.FromSeconds(10) }),
            KeyOutcome.Unavailable => throw new ProblemException(new(ProblemTypes.Unavailable, answer.Reason ?? "Not every partition has answered.") { RetryAfter = TimeSpan.FromSeconds(1) }),
            _ => answer,
        };
    }

    private async Task AnswerAsync(HttpContext context, string name, int status = StatusCodes.Status200OK)
    {
        var info = await grid.InfoAsync();
        var key = await KeyQuestions.GetAsync(grid.Keys, name, info.Partitions);
        context.Response.StatusCode = status;
        await SendAsync(context, json => KeyJson.Write(json.Writer, key));
    }

    private static string NameOf(HttpContext context)
    {
        RefuseLimited(context);
        var (prefix, name) = ((string)context.Request.RouteValues["prefix"]!, (string?)context.Request.RouteValues["name"]);
        var key = name is null ? prefix : $"{prefix}/{name}";
        if (JobKeys.IsPrefix(prefix) && JobKeys.IsKey(key)) return key;
        throw new ProblemException(new(ProblemTypes.NotFound,
            $"A key is a prefix of 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ - and a name of 1 to {JobKeys.MaxNameLength} of A-Z a-z 0-9 . _ - : @ + ~."));
    }

    private static void RefuseLimited(HttpContext context)
    {
        if (Caller.Of(context).IsLimited) throw new ProblemException(new(ProblemTypes.Forbidden, "Keys are of all queues, and this API key is limited to some."));
    }

    private static int? Limit(HttpContext context, string parameter)
    {
        if (One(context, parameter) is not { } text) return null;
        return int.TryParse(text, out var limit) && limit is >= 1 and <= JobLimits.MaxPage
            ? limit
            : throw new ProblemException(Problem.OfQuery(parameter, $"It must be 1 to {JobLimits.MaxPage}."));
    }

    private static string? One(HttpContext context, string parameter)
    {
        var values = context.Request.Query[parameter];
        return values.Count > 1 ? throw new ProblemException(Problem.OfQuery(parameter, "It must be given once.")) : values.FirstOrDefault();
    }

    private static Task SendAsync(HttpContext context, Action<JsonBuffer> write)
    {
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        write(json);
        return json.SendAsync(context.Response);
    }
}
