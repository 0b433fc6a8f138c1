using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansJobs.Hosting;
using OrleansJobs.HttpCalls;
using OrleansJobs.Workers;

namespace OrleansJobs.Webhooks;

/// <summary>
/// Tells receivers how far jobs are that run here. Unlike ends, which are jobs of their own, this is stored nowhere: the newest value counts, and the end is told in any
/// case. Of each attempt and address at most one value waits, however often the job reports, and there is one call a pace at most.
/// </summary>
internal sealed partial class ProgressCalls : IProgressListeners, IDisposable
{
    /// <summary>How long at most a receiver that does not take calls is left alone by a job, unless it asks for more.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private readonly HttpCaller _caller;
    private readonly WebhookOptions _options;
    private readonly CallGate _gate;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _closing = new();

    public ProgressCalls(HttpCaller caller, IOptions<JobGridOptions> options, TimeProvider time, ILogger<ProgressCalls> logger)
    {
        (_caller, _options, _time, _logger) = (caller, options.Value.Webhooks, time, logger);
        // Places of its own: these calls are not to stand before those of ends, which are jobs with slots.
        var (all, perHost) = _options.CallsOf(options.Value.Slots);
        _gate = new CallGate(all, perHost);
        (Pace, Closing) = (_options.ProgressPace, _closing.Token);
    }

    public TimeSpan Pace { get; }

    public CancellationToken Closing { get; }

    public IProgressListener? For(Lease lease) => lease.ProgressUrls is { Length: > 0 } urls ? new ToldAttempt(this, lease, urls) : null;

    public void Dispose()
    {
        _closing.Cancel();
        _closing.Dispose();
    }

    public DateTimeOffset Now => _time.GetUtcNow();

    public Task DelayAsync(TimeSpan delay, CancellationToken cancellation) => Task.Delay(delay, _time, cancellation);

    /// <summary>Makes one call.</summary>
    /// <returns>How it was taken, and how long the receiver wants to be left alone; a delay without an answer where there is no place for it yet.</returns>
    public async Task<(ProgressAnswer Answer, TimeSpan? Delay)> CallAsync(string url, string id, byte[] body)
    {
        if (_caller.Hosts.Check(url, out _) is not { } uri) return (ProgressAnswer.Unwanted, null);
        var since = Now.ToUnixTimeMilliseconds();
        if (_gate.Enter(uri.Authority, since) is { } delay) return (ProgressAnswer.NotAsked, TimeSpan.FromMilliseconds(delay));
        try
        {
            using var request = WebhookRequest.Of(uri, id, Now, body, _options);
            var answer = await _caller.SendAsync(request, null, Closing).ConfigureAwait(false);
            return ((int)answer.Status is >= 200 and < 300 ? ProgressAnswer.Taken : (int)answer.Status is 410 ? ProgressAnswer.Unwanted : ProgressAnswer.NotTaken, answer.RetryAfter);
        }
        catch (Exception exception) when (exception is HttpCallFailedException or GiveUpException)
        {
            LogNotTold(exception.Message);
            return (ProgressAnswer.NotTaken, null);
        }
        finally
        {
            _gate.Leave(uri.Authority, since, Now.ToUnixTimeMilliseconds());
        }
    }

    public void Failed(Exception exception) => LogBroke(exception);

    [LoggerMessage(LogLevel.Debug, "A receiver could not be told of progress: {Why}")]
    private partial void LogNotTold(string why);

    [LoggerMessage(LogLevel.Error, "What tells a receiver of progress threw; it is told no more of that attempt.")]
    private partial void LogBroke(Exception exception);
}

/// <summary>How a call of progress was taken.</summary>
internal enum ProgressAnswer : byte
{
    Taken,
    NotTaken,

    /// <summary>The receiver wants no more of it, or may not be called.</summary>
    Unwanted,

    /// <summary>There was no place for the call.</summary>
    NotAsked,
}
