using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;

namespace OrleansJobs.Gateway.Histories;

/// <summary><c>GET /stats/history</c>: what the grid has done, minute by minute or hour by hour.</summary>
internal sealed class HistoryEndpoint(HistoryAnswers answers, TimeProvider time)
{
    public async Task GetAsync(HttpContext context)
    {
        var query = HistoryQueries.Read(context, time.GetUtcNow());
        var history = await answers.AskAsync(query);
        var isLimited = Caller.Of(context).IsLimited;
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        // Silos and releases are everybody's; whoever may see one queue sees what happened to that.
        HistoryJson.Write(json.Writer, history, happening => !isLimited || (happening.What is (HistoryEvents.QueuePaused or HistoryEvents.QueueResumed) && happening.Name == query.Queue));
        await json.SendAsync(context.Response);
    }
}
