using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using OrleansJobs.Hosting;
using OrleansJobs.Workers;

namespace OrleansJobs.HttpCalls;

/// <summary>What an <c>http</c> job calls.</summary>
internal sealed class HttpCall
{
    public string? Url { get; init; }

    /// <summary>GET, or POST where there is a body.</summary>
    public string? Method { get; init; }
    public Dictionary<string, string>? Headers { get; init; }
    public JsonElement? Body { get; init; }

    /// <summary>Seconds.</summary>
    public double? Timeout { get; init; }
}

/// <summary>What came of it.</summary>
internal sealed class HttpResult
{
    public required int Status { get; init; }
    public required Dictionary<string, string> Headers { get; init; }
    public JsonElement? Body { get; init; }

    /// <summary>The answer was longer than what is read of it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Truncated { get; init; }
}

/// <summary>A job that is an HTTP call: a service needs no worker of its own to be called durably.</summary>
[Job(Name, Description = "Calls a URL; the answer is the result.")]
internal sealed class HttpJob(HttpCaller caller, GridHealth grid, IOptions<JobGridOptions> options) : IJob<HttpCall, HttpResult>
{
    public const string Name = "http";

    public async Task<HttpResult> RunAsync(HttpCall args, JobContext job, CancellationToken cancellation)
    {
        var lease = (job as RunningJob)?.Lease;
        if (lease is { WasHeld: true }) throw new HttpCallFailedException($"The call was answered 202, and nothing was reported within {HoldOf(lease).TotalSeconds:0} s.");
        using var request = HttpCallRules.RequestOf(args, caller.Hosts, options.Value.Http);
        // Calls are made at least once: by this the other side can tell one that is repeated.
        if (!request.Headers.Contains("idempotency-key")) request.Headers.TryAddWithoutValidation("idempotency-key", job.Id);
        var isToReport = lease is { MayBeHeld: true } && SayWhereToReport(request, lease);
        var answer = await caller.SendAsync(request, args.Timeout is { } seconds ? TimeSpan.FromSeconds(seconds) : null, cancellation);
        if (isToReport && answer.Status is HttpStatusCode.Accepted) throw new HeldForReportException(HoldOf(lease!));
        return HttpCallRules.VerdictOf(answer.Status) switch
        {
            HttpVerdict.Done => HttpCallRules.ResultOf(answer, options.Value.Limits.MaxResultBytes),
            HttpVerdict.Again => throw new HttpCallFailedException(HttpCallRules.TextOf(answer), answer.RetryAfter),
            _ => throw new GiveUpException(HttpCallRules.TextOf(answer)),
        };
    }

    private TimeSpan HoldOf(Lease lease) => lease.Timeout is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : options.Value.Http.ReportWithin;

    /// <summary>Whoever is called may say that it will report: to this address, with this token, which is good for this attempt alone.</summary>
    private bool SayWhereToReport(HttpRequestMessage request, Lease lease)
    {
        if (options.Value.Http.ReportTo is not { } gateway || grid.Grid is not { } record) return false;
        request.Headers.TryAddWithoutValidation(ReportToken.AddressHeader, $"{gateway.AbsoluteUri.TrimEnd('/')}/work/jobs/{Uri.EscapeDataString(lease.Id)}/report");
        request.Headers.TryAddWithoutValidation(ReportToken.TokenHeader, ReportToken.Of(Convert.FromHexString(record.Secret), lease.Id, lease.Token));
        return true;
    }
}

/// <summary>The call had no answer, or one that may be another later.</summary>
/// <param name="delay">How long not to call again; null: what the job's policy says.</param>
internal sealed class HttpCallFailedException(string message, TimeSpan? delay = null) : Exception(message), IFailureThatSaysWhen
{
    public TimeSpan? Delay => delay;
}
