using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Hosting;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Live;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Statuses;

namespace OrleansJobs.Gateway.Logs;

/// <summary><c>GET /jobs/{id}/logs</c>: what the attempts of a job have logged, as a page or, to those who accept a stream of events, as it comes.</summary>
internal sealed class LogEndpoints(JobGrid grid, EventStreams streams, JobWaits waits, IOptions<JobGatewayOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private const int StreamPage = 500;

    /// <summary>How long an answer may take beyond the wait that was asked for.</summary>
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(10);

    /// <summary>The partition answers by then whether there is news or not: it cannot know who has hung up.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(5);

    /// <summary>Between two looks at a partition that does not wait, as one that moves.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

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

        var page = query.Wait > TimeSpan.Zero && waits.TryTake()
            ? await WaitAsync(context, logs, id, query)
            : await logs.ReadLogs(id, query.After, query.Limit, TimeSpan.Zero).WaitAsync(AnswerPatience, time, context.RequestAborted);
        if (page is null || !MaySee(context, id, page)) throw new ProblemException(Problem.NoSuchJob);
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        LogJson.Write(json.Writer, page);
        await json.SendAsync(context.Response);
    }

    /// <summary>Another job may have come under the id since the caller was found to be good for it.</summary>
    private static bool MaySee(HttpContext context, string id, JobLogPage page) =>
        Visibility.MaySee(context, new JobStatus { Id = id, Type = "", Queue = page.Queue, Tags = page.Tags, SubmittedAt = page.SubmittedAt });

    /// <summary>Waits for lines in slices, so that a partition forgets soon who has hung up; null where the job is gone.</summary>
    private async Task<JobLogPage?> WaitAsync(HttpContext context, IPartitionLogs logs, string id, LogQuery query)
    {
        Task<JobLogPage?>? reading = null;
        try
        {
            // A gateway that stops answers with what there is; whoever goes on waiting does so at another one.
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
            var started = time.GetTimestamp();
            JobLogPage? first = null;
            while (true)
            {
                var left = query.Wait - time.GetElapsedTime(started);
                if (first is not null && (left <= TimeSpan.Zero || lifetime.ApplicationStopping.IsCancellationRequested)) return first;
                var slice = lifetime.ApplicationStopping.IsCancellationRequested || left <= TimeSpan.Zero ? TimeSpan.Zero : left < Slice ? left : Slice;
                var asked = time.GetTimestamp();
                reading = logs.ReadLogs(id, query.After, query.Limit, slice);
                JobLogPage? page;
                try
                {
                    page = await reading.WaitAsync(slice + AnswerPatience, time, slice > TimeSpan.Zero ? ending.Token : context.RequestAborted);
                }
                catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
                {
                    // Nothing has come until now, or it comes with the next look, which does not wait.
                    continue;
                }
                catch (Exception exception) when (first is not null && !context.RequestAborted.IsCancellationRequested && GatewayErrors.IsUnavailable(exception))
                {
                    return first;
                }

                // What waits is told nothing of another job of the id than the one that was there.
                if (page is null || (first is not null && page.SubmittedAt != first.SubmittedAt)) return null;
                if (page.Lines.Length > 0 || page.IsOver) return page;
                first = page;
                if (slice > TimeSpan.Zero && time.GetElapsedTime(asked) < Pause)
                    await Task.Delay(left < Pause ? left : Pause, time, ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            // A place is taken for as long as a partition keeps a reader for it, whoever has gone meanwhile.
            if (reading is null or { IsCompleted: true }) waits.GiveBack();
            else _ = reading.ContinueWith(static (_, state) => ((JobWaits)state!).GiveBack(), waits, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private async Task StreamAsync(HttpContext context, IPartitionLogs logs, string id, LogQuery query)
    {
        var first = await logs.ReadLogs(id, LastSeen(context) ?? query.After ?? 0, StreamPage, TimeSpan.Zero);
        if (first is null || !MaySee(context, id, first)) throw new ProblemException(Problem.NoSuchJob);
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
        long? written = null;
        while (true)
        {
            if (page.Lines.Length > 0 || page.IsOver || written is not { } last || time.GetElapsedTime(last) >= options.Value.PingInterval)
            {
                foreach (var line in page.Lines) Write(output, line);
                if (page.IsOver) output.Write("event: end\ndata: {}\n\n"u8);
                else if (page.Lines.Length == 0) output.Write("event: ping\ndata: {}\n\n"u8);
                if (!await EventReader.FlushAsync(context, options.Value.EventWriteTimeout, time, stopping) || page.IsOver) return;
                written = time.GetTimestamp();
            }

            var left = options.Value.PingInterval - time.GetElapsedTime(written.Value);
            var wait = left < Slice ? left : Slice;
            var asked = time.GetTimestamp();
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

            // The job is gone, or another of its id has come, or it is in a queue that this caller is not good for.
            if (next is null || next.SubmittedAt != page.SubmittedAt || !MaySee(context, id, next)) return;
            page = next;
            if (page is { Lines.Length: 0, IsOver: false } && time.GetElapsedTime(asked) < Pause) await Task.Delay(left < Pause ? left : Pause, time, stopping);
        }
    }

    private static void Write(PipeWriter output, JobLogLine line)
    {
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {line.Number}\ndata: "), output);
        using (var json = new Utf8JsonWriter(output)) LogJson.Write(json, line);
        output.Write("\n\n"u8);
    }

    private static bool AcceptsEvents(HttpRequest request) => request.Headers.Accept.Any(static accept => accept?.Contains("text/event-stream", StringComparison.OrdinalIgnoreCase) == true);

    private static long? LastSeen(HttpContext context) =>
        long.TryParse(EventReader.LastSeen(context), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
