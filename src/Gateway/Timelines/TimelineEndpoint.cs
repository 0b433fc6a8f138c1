using OrleansJobs.Gateway.Grid;
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
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        var writer = json.Writer;
        writer.WriteStartObject();
        writer.WriteString("id"u8, job.Id);
        if (past is { HasMore: true }) writer.WriteBoolean("more"u8, true);
        writer.WriteStartArray("entries"u8);
        foreach (var entry in JobTimeline.Of(job, past))
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
            if (entry.Job is not null) writer.WriteString("job"u8, entry.Job);
            if (entry.Queue is not null) writer.WriteString("queue"u8, entry.Queue);
            if (entry.Detail is not null) writer.WriteString("detail"u8, entry.Detail);
            if (entry.Error is { } error)
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
}
