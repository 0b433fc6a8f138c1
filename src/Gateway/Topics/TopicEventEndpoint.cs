using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Live;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Statuses;

namespace OrleansJobs.Gateway.Topics;

/// <summary><c>GET /topics/events?pattern=</c>: what is published from now on, for whoever listens. Nothing of it is stored; what a reader does not take in time is a gap.</summary>
internal sealed class TopicEventEndpoint(TopicFeed feed, EventStreams streams, IOptions<JobGatewayOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
{
    public async Task ListenAsync(HttpContext context)
    {
        BindingEndpoints.RefuseLimited(context);
        foreach (var name in context.Request.Query.Keys)
        {
            if (name is not "pattern") throw new ProblemException(Problem.OfQuery(name, "There is no such parameter."));
        }

        var patterns = context.Request.Query["pattern"];
        if (patterns.Count > 1 || !TopicPatterns.IsPattern(patterns.Count == 0 ? TopicPatterns.Any : patterns[0])) throw new ProblemException(Problem.OfQuery("pattern", TopicPatterns.PatternForm));
        var inbox = new TopicInbox(patterns.Count == 0 ? TopicPatterns.Any : patterns[0]!);
        await streams.BoundAsync(context, async ending =>
        {
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(ending, lifetime.ApplicationStopping);
            await EventReader.BeginAsync(context);
            try
            {
                await SendAsync(context, inbox, feed.Add(inbox), stopping.Token);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
            }
            finally
            {
                feed.Remove(inbox);
            }
        });
    }

    private async Task SendAsync(HttpContext context, TopicInbox inbox, Task ready, CancellationToken stopping)
    {
        var output = context.Response.BodyWriter;
        var pingDue = 0;
        var interval = options.Value.PingInterval;
        using var pings = time.CreateTimer(_ =>
        {
            Volatile.Write(ref pingDue, 1);
            inbox.Wake();
        }, null, interval, interval);
        _ = ready.ContinueWith(_ => inbox.Wake(), stopping, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var isReady = false;
        while (true)
        {
            await inbox.News.WaitAsync(stopping);
            var (hasGap, events) = inbox.Take();
            if (!isReady && ready.IsCompleted)
            {
                isReady = true;
                output.Write("event: ready\ndata: {}\n\n"u8);
            }

            if (hasGap) output.Write("event: gap\ndata: {}\n\n"u8);
            foreach (var heard in events)
            {
                if (!TryWrite(output, heard)) output.Write("event: gap\ndata: {}\n\n"u8);
                if (!await EventReader.FlushAsync(context, options.Value.EventWriteTimeout, time, stopping)) return;
            }

            if (Interlocked.Exchange(ref pingDue, 0) == 1) output.Write("event: ping\ndata: {}\n\n"u8);
            if (!await EventReader.FlushAsync(context, options.Value.EventWriteTimeout, time, stopping)) return;
        }
    }

    /// <returns>False: it is no JSON that can be told. What others publish is not to end the streams of those who listen.</returns>
    private static bool TryWrite(PipeWriter output, HeardEvent heard)
    {
        try
        {
            Write(output, heard);
            return true;
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            return false;
        }
    }

    private static void Write(PipeWriter output, HeardEvent heard)
    {
        var buffer = new ArrayBufferWriter<byte>(heard.Data.Length + 256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, heard.EventId);
            json.WriteString("key"u8, heard.Key);
            StatusJson.WriteInstant(json, "at"u8, DateTimeOffset.FromUnixTimeMilliseconds(heard.At));
            json.WritePropertyName("data"u8);
            // Without the line breaks that it may have been sent with: they would end the line of the stream.
            using (var data = JsonDocument.Parse(heard.Data, new JsonDocumentOptions { MaxDepth = JobJson.MaxDepth })) data.RootElement.WriteTo(json);
            json.WriteEndObject();
        }

        output.Write("data: "u8);
        output.Write(buffer.WrittenSpan);
        output.Write("\n\n"u8);
    }}
