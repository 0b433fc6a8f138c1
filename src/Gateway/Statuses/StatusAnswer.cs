using System.Globalization;
using Microsoft.Net.Http.Headers;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Waiting;

namespace OrleansJobs.Gateway.Statuses;

/// <summary>Answers with a status and the headers that belong to it.</summary>
internal static class StatusAnswer
{
    /// <summary>The longest that a client is told to wait before it asks again.</summary>
    private const long MaxRetryAfter = 60;

    public static Task SendAsync(HttpContext context, JobStatus job, DateTimeOffset now, int code = StatusCodes.Status200OK, string? watchToken = null)
    {
        if (job.WaitingFor.Length == 0) return WriteAsync(context, job, now, code, watchToken);
        var refiner = context.RequestServices.GetRequiredService<WaitRefiner>();
        // A submit is answered with what is known; who asks gets what can be known.
        if (!HttpMethods.IsGet(context.Request.Method)) return WriteAsync(context, refiner.Refine(job), now, code, watchToken);
        var refined = refiner.RefineAsync(job);
        return refined.IsCompletedSuccessfully ? WriteAsync(context, refined.Result, now, code, watchToken) : WriteRefinedAsync(context, refined, now, code, watchToken);
    }

    private static async Task WriteRefinedAsync(HttpContext context, ValueTask<JobStatus> job, DateTimeOffset now, int code, string? watchToken) =>
        await WriteAsync(context, await job, now, code, watchToken);

    private static Task WriteAsync(HttpContext context, JobStatus job, DateTimeOffset now, int code, string? watchToken)
    {
        var response = context.Response;
        SetHeaders(response, job, now);
        if (code == StatusCodes.Status200OK && IsUnchanged(context.Request, job))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        response.StatusCode = code;
        var json = JsonBuffer.Rent();
        StatusJson.Write(json.Writer, job, watchToken);
        return json.SendAsync(response);
    }

    public static void SetHeaders(HttpResponse response, JobStatus job, DateTimeOffset now)
    {
        response.Headers.ETag = ETag(job);
        response.Headers.CacheControl = "no-cache";
        if (!job.IsFinished) response.Headers.RetryAfter = RetryAfter(job, now);
    }

    /// <summary>The version, and beside it what the version does not know: queues are paused and handlers go without a word to the job, and one that says nothing has no news.</summary>
    public static string ETag(JobStatus job)
    {
        if (job.StalledFor is { } silence) return string.Create(CultureInfo.InvariantCulture, $"\"{job.Version}.stalled.{(long)silence.TotalSeconds}\"");
        var outside = Array.Find(job.WaitingFor, reason => reason.What is WaitReasons.Queue or WaitReasons.Handler)?.What;
        return outside is null
            ? string.Create(CultureInfo.InvariantCulture, $"\"{job.Version}\"")
            : string.Create(CultureInfo.InvariantCulture, $"\"{job.Version}.{outside}\"");
    }

    /// <summary>Seconds: one for a job that is waiting or running, up to a minute for one that is due later.</summary>
    public static string RetryAfter(JobStatus job, DateTimeOffset now)
    {
        if (job.Phase is not (JobPhase.Scheduled or JobPhase.Retrying)) return "1";
        var seconds = (long)Math.Ceiling((job.DueAt - now).TotalSeconds);
        return Math.Clamp(seconds, 1, MaxRetryAfter).ToString(CultureInfo.InvariantCulture);
    }

    private static bool IsUnchanged(HttpRequest request, JobStatus job)
    {
        var header = request.Headers.IfNoneMatch;
        if (header.Count == 0) return false;
        var mine = ETag(job);
        // The one that a client of ours sends, without parsing.
        if (header.Count == 1 && header[0] == mine) return true;
        return EntityTagHeaderValue.TryParseList(header, out var tags)
            && tags.Any(tag => tag == EntityTagHeaderValue.Any || tag.Tag.Equals(mine, StringComparison.Ordinal));
    }
}
