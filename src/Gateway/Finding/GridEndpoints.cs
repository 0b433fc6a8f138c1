using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Statuses;
using OrleansJobs.Gateway.Waiting;

namespace OrleansJobs.Gateway.Finding;

/// <summary>The grid as a whole: figures, job types, queues.</summary>
internal sealed class GridEndpoints(JobGrid grid, GridFigures figures, JobTypeCatalogue types, ReasonReader reasons, Audit audit, WaitRefiner waits)
{
    public async Task GetStatsAsync(HttpContext context)
    {
        RefuseLimited(context);
        var stats = await figures.StatsAsync();
        await SendAsync(context, json => GridJson.Write(json.Writer, stats));
    }

    /// <summary>What an autoscaler looks at: work that is due or running, against what there is to run it.</summary>
    public async Task GetScalingAsync(HttpContext context)
    {
        RefuseLimited(context);
        var stats = await figures.StatsAsync();
        await SendAsync(context, json => GridJson.WriteScaling(json.Writer, stats));
    }

    public async Task GetJobTypesAsync(HttpContext context)
    {
        var all = await types.AllAsync();
        await SendAsync(context, json =>
        {
            json.Writer.WriteStartArray();
            // What the grid runs for itself is nobody's to submit.
            foreach (var type in all.Where(type => !SubmissionRules.IsReserved(type.Info.Name)).OrderBy(type => type.Info.Name, StringComparer.Ordinal)) GridJson.Write(json.Writer, type.Info);
            json.Writer.WriteEndArray();
        });
    }

    public async Task GetQueuesAsync(HttpContext context)
    {
        var caller = Caller.Of(context);
        var queues = await figures.QueuesAsync();
        await SendAsync(context, json =>
        {
            json.Writer.WriteStartArray();
            foreach (var queue in queues.Where(queue => caller.MayUse(queue.Name)).OrderBy(queue => queue.Name, StringComparer.Ordinal)) GridJson.Write(json.Writer, queue);
            json.Writer.WriteEndArray();
        });
    }

    public async Task PauseAsync(HttpContext context)
    {
        var name = QueueOf(context);
        var reason = await reasons.ReadAsync(context);
        await AnswerAsync(context, await audit.QueueAsync(context, "pause", name, reason, order => grid.Whole.Pause(name, order)));
    }

    public async Task ResumeAsync(HttpContext context)
    {
        var name = QueueOf(context);
        var reason = await reasons.ReadAsync(context);
        await AnswerAsync(context, await audit.QueueAsync(context, "resume", name, reason, _ => grid.Whole.Resume(name)));
    }

    private async Task AnswerAsync(HttpContext context, QueueInfo queue)
    {
        figures.Forget();
        waits.Forget();
        await SendAsync(context, json => GridJson.Write(json.Writer, queue));
    }

    private static string QueueOf(HttpContext context)
    {
        var name = (string?)context.Request.RouteValues["name"];
        if (!SubmissionRules.IsName(name)) throw new ProblemException(new(ProblemTypes.NotFound, $"A queue's name is 1 to {JobLimits.MaxNameLength} of the characters A-Z a-z 0-9 . _ -."));
        if (SubmissionRules.IsReserved(name)) throw new ProblemException(new(ProblemTypes.Forbidden, $"The queue '{name}' is the grid's own, which nobody pauses."));
        if (!Caller.Of(context).MayUse(name!)) throw new ProblemException(new(ProblemTypes.Forbidden, $"This key is not good for the queue '{name}'."));
        return name!;
    }

    private static void RefuseLimited(HttpContext context)
    {
        if (Caller.Of(context).IsLimited) throw new ProblemException(new(ProblemTypes.Forbidden, "The figures are of all queues, and this key is limited to some."));
    }

    private static Task SendAsync(HttpContext context, Action<JsonBuffer> write)
    {
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        write(json);
        return json.SendAsync(context.Response);
    }
}
