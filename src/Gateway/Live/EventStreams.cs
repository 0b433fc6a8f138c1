using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Live;

/// <summary>Opens streams of events, as many as may be open at a time.</summary>
internal sealed class EventStreams(IJobClient client, IOptions<JobGatewayOptions> options, TimeProvider time)
{
    /// <summary>How long a stream goes on that a cookie has opened. Nobody is asked meanwhile whether whoever was signed in still is; a page comes back by itself.</summary>
    private static readonly TimeSpan LongestVisit = TimeSpan.FromHours(1);

    private readonly Shares _shares = new(options.Value.MaxEventStreamsPerCaller);
    private int _open;

    /// <summary>Streams that are open now.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <exception cref="ProblemException">503: there are too many.</exception>
    public Task ServeAsync(HttpContext context, Func<EventReader, CancellationToken, Task> serve) => BoundAsync(context, async ending =>
    {
        var reader = new EventReader(context, client, options.Value.PingInterval, options.Value.EventWriteTimeout, time);
        await reader.StartAsync();
        await serve(reader, ending);
    });

    /// <summary>The same of streams that are written otherwise.</summary>
    public async Task BoundAsync(HttpContext context, Func<CancellationToken, Task> serve)
    {
        var settings = options.Value;
        var share = Caller.ShareOf(context);
        if (!_shares.TryTake(share))
        {
            throw new ProblemException(new(ProblemTypes.RateLimited, $"At most {settings.MaxEventStreamsPerCaller} streams of events of one key, or of one address, at a time.")
            {
                RetryAfter = TimeSpan.FromSeconds(5),
            });
        }

        // A stream ends with the key that opened it.
        using var visit = SignedIn.Is(context) ? new CancellationTokenSource(LongestVisit, time) : null;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, ApiKeys.Of(context)?.Withdrawn ?? visit?.Token ?? CancellationToken.None);
        try
        {
            if (Interlocked.Increment(ref _open) > settings.MaxEventStreams)
            {
                throw new ProblemException(new(ProblemTypes.Overloaded, $"At most {settings.MaxEventStreams} streams of events at a time.")
                {
                    RetryAfter = TimeSpan.FromSeconds(5),
                });
            }

            await serve(ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The reader has left, which is how most streams end.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
            _shares.GiveBack(share);
        }
    }
}
