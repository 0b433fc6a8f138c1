using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Statuses;
using OrleansJobs.Gateway.Waiting;

namespace OrleansJobs.Gateway.Timelines;

/// <summary><c>GET /jobs/{id}/timeline</c>: what happened to a job, and what it waited for in between.</summary>
internal sealed class TimelineEndpoint(JobGrid grid)
{
    public async Task GetAsync(HttpContext context)
    {
        var job = await grid.Job(StatusEndpoints.IdOf(context)).GetStatus();
        StatusEndpoints.Show(job, context);
        // Nearly all jobs have nothing more to tell.
        var past = job!.HasMemory ? await (await grid.PartitionAsync(job.Id)).GetFlowPast(job.Id) : null;
        var timeline = JobTimeline.Of(job, past).ToList();
        var hidden = await HiddenAsync(timeline.Select(static entry => entry.Job).OfType<string>().Distinct().ToArray(), Caller.Of(context));
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        var writer = json.Writer;
        writer.WriteStartObject();
        writer.WriteString("id"u8, job.Id);
        if (past is { HasMore: true }) writer.WriteBoolean("more"u8, true);
        writer.WriteStartArray("entries"u8);
        foreach (var entry in timeline)
        {
            writer.WriteStartObject();
            writer.WriteString("what"u8, entry.What);
            StatusJson.WriteInstant(writer, "at"u8, entry.At);
            StatusJson.WriteInstant(writer, "until"u8, entry.Until);
            if (entry.Attempt is { } attempt) writer.WriteNumber("attempt"u8, attempt);
            if (entry.Silo is not null) writer.WriteString("silo"u8, WorkSession.Display(entry.Silo));
            if (entry.For.Count > 0) WaitJson.Write(writer, [.. entry.For]);
            if (entry.By is not null) writer.WriteString("by"u8, entry.By);
            if (entry.Name is not null) writer.WriteString("name"u8, entry.Name);
            var isHidden = entry.Job is not null && hidden.Contains(entry.Job);
            if (entry.Job is not null && !isHidden) writer.WriteString("job"u8, entry.Job);
            if (entry.Queue is not null) writer.WriteString("queue"u8, entry.Queue);
            if (entry.Detail is not null) writer.WriteString("detail"u8, entry.Detail);
            if (entry.Error is { } error && !isHidden)
            {
                writer.WritePropertyName("error"u8);
                StatusJson.WriteError(writer, error.Trace is { } trace ? error with { Trace = trace with { Text = null } } : error);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        await json.SendAsync(context.Response);
    }

    /// <summary>Children that lie in queues which the caller's key is not good for: that they ended is the flow's story, what they are is not.</summary>
    private async Task<HashSet<string>> HiddenAsync(string[] jobs, Caller caller)
    {
        if (!caller.IsLimited || jobs.Length == 0) return [];
        var info = await grid.InfoAsync();
        var statuses = await Task.WhenAll(jobs.GroupBy(id => JobIds.PartitionOf(id, info.Partitions)).Select(home => grid.Partition(home.First(), info).GetListed([.. home])));
        // One that is gone is nobody's.
        return [.. jobs.Except(statuses.SelectMany(static home => home).OfType<JobStatus>().Where(caller.MaySee).Select(static status => status.Id))];
    }
}
