using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Live;

/// <summary>Opens streams of events, as many as may be open at a time.</summary>
internal sealed class EventStreams(IOptions<JobGatewayOptions> options, TimeProvider time)
{
    private int _open;

    /// <summary>Streams that are open now.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <exception cref="ProblemException">503: there are too many.</exception>
    public async Task ServeAsync(HttpContext context, Func<EventReader, CancellationToken, Task> serve)
    {
        var settings = options.Value;
        try
        {
            if (Interlocked.Increment(ref _open) > settings.MaxEventStreams)
            {
                throw new ProblemException(new(ProblemTypes.Overloaded, $"At most {settings.MaxEventStreams} streams of events at a time.")
                {
                    RetryAfter = TimeSpan.FromSeconds(5),
                });
            }

            var reader = new EventReader(context, settings.PingInterval, settings.EventWriteTimeout, time);
            await reader.StartAsync();
            await serve(reader, context.RequestAborted);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The reader has left, which is how most streams end.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }
}
