using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Live;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Statuses;

namespace OrleansJobs.Gateway.Logs;

/// <summary><c>GET /jobs/{id}/logs</c>: what the attempts of a job have logged, as a page or, to those who accept a stream of events, as it comes.</summary>
internal sealed class LogEndpoints(JobGrid grid, EventStreams streams, IOptions<JobGatewayOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private const int StreamPage = 500;
    private const string LastEventId = "Last-Event-ID";
    private const string LastEventIdParameter = "lastEventId";

    /// <summary>How long an answer may take beyond the wait that was asked for.</summary>
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(10);

    public async Task GetAsync(HttpContext context)
    {
        var id = StatusEndpoints.IdOf(context);
        var query = LogQuery.Read(context.Request.Query);
        var info = await grid.InfoAsync();
        if (Caller.Of(context).IsLimited) StatusEndpoints.Show(await grid.Partition(id, info).Get(id), context);
        var logs = grid.Logs(id, info);
        if (AcceptsEvents(context.Request))
        {
            await StreamAsync(context, logs, id, query);
            return;
        }

        var page = await logs.ReadLogs(id, query.After, query.Limit, query.Wait).WaitAsync(query.Wait + AnswerPatience, time, context.RequestAborted)
            ?? throw new ProblemException(Problem.NoSuchJob);
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        LogJson.Write(json.Writer, page);
        await json.SendAsync(context.Response);
    }

    private async Task StreamAsync(HttpContext context, IPartitionLogs logs, string id, LogQuery query)
    {
        var first = await logs.ReadLogs(id, LastSeen(context) ?? query.After ?? 0, StreamPage, TimeSpan.Zero) ?? throw new ProblemException(Problem.NoSuchJob);
        if (LastSeen(context) is not null && first is { IsOver: true, Lines.Length: 0 })
        {
            // To a browser that connects again, 204 means: there is no more.
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await streams.BoundAsync(context, async ending =>
        {
            // A gateway that stops ends its streams; their readers go on with another one.
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(ending, lifetime.ApplicationStopping);
            await EventReader.BeginAsync(context);
            try
            {
                await FollowAsync(context, logs, id, first, stopping.Token);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
            }
        });
    }

    private async Task FollowAsync(HttpContext context, IPartitionLogs logs, string id, JobLogPage page, CancellationToken stopping)
    {
        var output = context.Response.BodyWriter;
        while (true)
        {
            foreach (var line in page.Lines) Write(output, line);
            if (page.IsOver) output.Write("event: end\ndata: {}\n\n"u8);
            else if (page.Lines.Length == 0) output.Write("event: ping\ndata: {}\n\n"u8);
            if (!await FlushAsync(context, output, stopping) || page.IsOver) return;
            var wait = options.Value.PingInterval;
            JobLogPage? next;
            try
            {
                next = await logs.ReadLogs(id, page.Next, StreamPage, wait).WaitAsync(wait + AnswerPatience, time, stopping);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // The partition moves: the reader comes back, and goes on behind the last line that it has.
                return;
            }

            // The job is gone.
            if (next is null) return;
            page = next;
        }
    }

    private static void Write(PipeWriter output, JobLogLine line)
    {
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {line.Number}\ndata: "), output);
        using (var json = new Utf8JsonWriter(output)) LogJson.Write(json, line);
        output.Write("\n\n"u8);
    }

    /// <returns>False where the client does not read.</returns>
    private async ValueTask<bool> FlushAsync(HttpContext context, PipeWriter output, CancellationToken cancellation)
    {
        try
        {
            return !(await output.FlushAsync(cancellation).AsTask().WaitAsync(options.Value.EventWriteTimeout, time, cancellation)).IsCompleted;
        }
        catch (TimeoutException)
        {
            context.Abort();
            return false;
        }
    }

    private static bool AcceptsEvents(HttpRequest request) => request.Headers.Accept.Any(static accept => accept?.Contains("text/event-stream", StringComparison.OrdinalIgnoreCase) == true);

    private static long? LastSeen(HttpContext context)
    {
        var said = context.Request.Headers.TryGetValue(LastEventId, out var header) ? header.ToString() : context.Request.Query[LastEventIdParameter].ToString();
        return long.TryParse(said, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
