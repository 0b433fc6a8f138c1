using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Threading.Channels;
using OrleansJobs.Gateway.Guarding;

namespace OrleansJobs.Gateway.Live;

/// <summary>
/// One stream of Server-Sent Events: writes the newest status of each of its jobs whenever there is one, and a ping where there is nothing to
/// say. What waits is at most one mark for each job; a reader that takes nothing in for too long is dropped.
/// </summary>
internal sealed class EventReader(HttpContext context, IJobClient client, TimeSpan pingInterval, TimeSpan writeTimeout, TimeProvider time)
{
    /// <summary>What the id begins with behind which nothing comes; the highest version that was told follows.</summary>
    public const string EndId = "end:";

    /// <summary>What <c>EventSource</c> cannot set as a header when a page opens a stream anew.</summary>
    public const string LastEventIdParameter = "lastEventId";

    private const string LastEventId = "Last-Event-ID";
    private const int MaxDigits = 20;

    /// <summary>Bytes that are written before the client has to take them.</summary>
    private const int FlushBytes = 64 << 10;

    // Unbounded to the type, bounded in fact: every subscription is in it at most once, and so is null, which is the ping.
    private readonly Channel<JobSubscription?> _news = Channel.CreateUnbounded<JobSubscription?>(new UnboundedChannelOptions { SingleReader = true });
    private readonly PipeWriter _output = context.Response.BodyWriter;
    private readonly Func<JobStatus, bool>? _sees = Visibility.Of(context);
    private int _pingDue;
    private int _written;

    public void Enqueue(JobSubscription subscription) => _news.Writer.TryWrite(subscription);

    /// <summary>The id of the last event that a reader who comes back has seen; null: it does not say.</summary>
    public static string? LastSeen(HttpContext context) =>
        context.Request.Headers.TryGetValue(LastEventId, out var header) ? header.ToString()
        : context.Request.Query.TryGetValue(LastEventIdParameter, out var parameter) ? parameter.ToString()
        : null;

    /// <summary>Sets the headers and sends them, so that the client knows that it is being served.</summary>
    public Task StartAsync() => BeginAsync(context);

    /// <inheritdoc cref="StartAsync"/>
    public static async Task BeginAsync(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        // Proxies that gather answers would turn live events into late ones.
        response.Headers["X-Accel-Buffering"] = "no";
        await response.StartAsync(context.RequestAborted);
        await response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    /// <summary>Marks the stream as told to its end: a browser that connects again says so, and is told to stop.</summary>
    public async Task EndAsync(long version, CancellationToken cancellation)
    {
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {EndId}{version}\n\n"), _output);
        await FlushAsync(cancellation);
    }

    /// <summary>Writes what comes until <paramref name="isOver"/> says so or the client goes.</summary>
    /// <param name="withJobId">The id of an event is the version, with the job's id behind it where several share the stream.</param>
    /// <param name="isOver">Asked after each event.</param>
    public async Task RunAsync(bool withJobId, Func<bool> isOver, CancellationToken cancellation)
    {
        using var pings = time.CreateTimer(static state => ((EventReader)state!).Ping(), this, pingInterval, pingInterval);
        while (!isOver() && await _news.Reader.WaitToReadAsync(cancellation))
        {
            while (_news.Reader.TryRead(out var subscription))
            {
                if (subscription is null) continue;
                subscription.Taken();
                await WriteNewestAsync(subscription, withJobId, cancellation);
                if (_written >= FlushBytes && !await FlushAsync(cancellation)) return;
            }

            if (Interlocked.Exchange(ref _pingDue, 0) == 1) _output.Write("event: ping\ndata: {}\n\n"u8);
            if (!await FlushAsync(cancellation)) return;
        }
    }

    private void Ping()
    {
        if (Interlocked.Exchange(ref _pingDue, 1) == 0) _news.Writer.TryWrite(null);
    }

    private async ValueTask WriteNewestAsync(JobSubscription subscription, bool withJobId, CancellationToken cancellation)
    {
        if (subscription.Watch is not { } watch) return;
        // Asked first: what comes before the end is looked at after it is known to be over.
        var isOver = watch.IsOver;
        if (watch.Latest is { } latest)
        {
            // What the stream was opened for is gone, and another job has its id.
            if (_sees is not null && !_sees(latest.Status))
            {
                subscription.End();
                return;
            }

            if (latest.Version > subscription.Sent)
            {
                subscription.Sent = latest.Version;
                if (latest.Json is { } json) WriteEvent(watch.Id, latest.Version, json, withJobId);
                else await WriteReadAsync(subscription, watch.Id, withJobId, cancellation);
            }

            isOver |= latest.IsFinished && !watch.OutlivesEnd;
        }

        if (isOver) subscription.End();
    }

    /// <summary>Writes what was too large to be kept until this reader was ready for it.</summary>
    private async Task WriteReadAsync(JobSubscription subscription, string id, bool withJobId, CancellationToken cancellation)
    {
        try
        {
            var status = await client.Get(id).GetStatusAsync(cancellation);
            if (_sees is not null && !_sees(status)) return;
            subscription.Sent = Math.Max(subscription.Sent, status.Version);
            WriteEvent(id, status.Version, EventJson.Write(status), withJobId);
        }
        catch (JobNotFoundException)
        {
            // It was deleted meanwhile.
        }
        catch (GridUnavailableException)
        {
            // The reader comes back, and is told then.
            context.Abort();
        }
    }

    private void WriteEvent(string id, long version, byte[] json, bool withJobId)
    {
        _output.Write("id: "u8);
        var digits = _output.GetSpan(MaxDigits);
        Utf8Formatter.TryFormat(version, digits, out var written);
        _output.Advance(written);
        if (withJobId)
        {
            _output.Write(":"u8);
            Encoding.ASCII.GetBytes(id, _output);
        }

        _output.Write("\ndata: "u8);
        _output.Write(json);
        _output.Write("\n\n"u8);
        _written += json.Length;
    }

    private ValueTask<bool> FlushAsync(CancellationToken cancellation)
    {
        _written = 0;
        return FlushAsync(context, writeTimeout, time, cancellation);
    }

    /// <returns>False where the client does not read.</returns>
    public static async ValueTask<bool> FlushAsync(HttpContext context, TimeSpan writeTimeout, TimeProvider time, CancellationToken cancellation)
    {
        var flush = context.Response.BodyWriter.FlushAsync(cancellation);
        if (flush.IsCompletedSuccessfully) return !flush.Result.IsCompleted;
        try
        {
            return !(await flush.AsTask().WaitAsync(writeTimeout, time, cancellation)).IsCompleted;
        }
        catch (TimeoutException)
        {
            context.Abort();
            return false;
        }
    }
}
