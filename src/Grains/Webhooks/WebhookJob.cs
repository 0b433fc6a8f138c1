using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Options;
using OrleansJobs.Hosting;
using OrleansJobs.HttpCalls;

namespace OrleansJobs.Webhooks;

/// <summary>Whom to tell what.</summary>
internal sealed record WebhookCall(string Url, JsonElement Event);

/// <summary>What was answered.</summary>
internal sealed record WebhookResult(int Status);

/// <summary>Tells somebody that a job has ended. One that could not be delivered is a failed job, to be looked at and run again.</summary>
[Job(Name, Queue = Queue, Description = "Tells somebody that a job has ended.")]
internal sealed class WebhookJob(HttpCaller caller, CallGate gate, IOptions<JobGridOptions> options, TimeProvider time) : IJob<WebhookCall, WebhookResult>
{
    public const string Name = JobIds.DerivedPrefix + "webhook";
    public const string Queue = "webhooks";

    /// <summary>Below that of jobs that say nothing: a receiver that is away leaves a backlog, which is no reason for them to wait.</summary>
    public const int Priority = JobLimits.DefaultPriority - 1;

    /// <summary>What the other side wants no more of.</summary>
    private const string Gone = "gone";

    public async Task<WebhookResult> RunAsync(WebhookCall args, JobContext job, CancellationToken cancellation)
    {
        if (caller.Hosts.Check(args.Url, out var refused) is not { } uri) throw new HttpCallFailedException($"{refused} A silo with other settings may make the call.");
        var since = time.GetUtcNow().ToUnixTimeMilliseconds();
        if (gate.Enter(uri.Authority, since) is { } delay) throw new RetryLaterException(TimeSpan.FromMilliseconds(delay));
        try
        {
            return await CallAsync(args, uri, job, cancellation);
        }
        finally
        {
            gate.Leave(uri.Authority, since, time.GetUtcNow().ToUnixTimeMilliseconds());
        }
    }

    private async Task<WebhookResult> CallAsync(WebhookCall args, Uri uri, JobContext job, CancellationToken cancellation)
    {
        var body = Encoding.UTF8.GetBytes(args.Event.GetRawText());
        using var request = WebhookRequest.Of(uri, job.Id, time.GetUtcNow(), body, options.Value.Webhooks);
        var answer = await caller.SendAsync(request, null, cancellation);
        if ((int)answer.Status is >= 200 and < 300) return new WebhookResult((int)answer.Status);
        var said = HttpCallRules.TextOf(answer);
        throw answer.Status is HttpStatusCode.Gone ? new GiveUpException(said, null, Gone) : new HttpCallFailedException(said, answer.RetryAfter);
    }
}
