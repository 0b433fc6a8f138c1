using Microsoft.AspNetCore.WebUtilities;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Hosting;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Statuses;
using OrleansJobs.Gateway.Waiting;

namespace OrleansJobs.Gateway.Finding;

/// <summary><c>GET /jobs</c>: newest first or soonest due first, a page at a time.</summary>
internal sealed class ListEndpoint(JobGrid grid, OwnAddress address, WaitRefiner waits)
{
    public async Task ListAsync(HttpContext context)
    {
        var query = JobQueries.Read(context, JobFilter.OfLists);
        var page = await ReadAsync(query);
        context.Response.Headers.CacheControl = "no-store";
        if (page.Cursor is not null) context.Response.Headers.Link = $"<{NextAddress(context, page.Cursor)}>; rel=\"next\"";
        var json = JsonBuffer.Rent();
        var writer = json.Writer;
        writer.WriteStartObject();
        writer.WriteStartArray("jobs"u8);
        foreach (var job in page.Jobs) StatusJson.WriteListed(writer, waits.Refine(job));
        writer.WriteEndArray();
        if (page.Cursor is not null) writer.WriteString("cursor"u8, page.Cursor);
        if (page.Reach is { } reach)
        {
            writer.WriteStartObject("search"u8);
            writer.WriteNumber("lookedAt"u8, reach.LookedAt);
            StatusJson.WriteInstant(writer, "reached"u8, reach.Reached);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        await json.SendAsync(context.Response);
    }

    private async Task<JobPage> ReadAsync(JobQuery query)
    {
        try
        {
            return await grid.Whole.List(query);
        }
        catch (Exception exception) when (query.Cursor is not null && exception is ArgumentException or FormatException && !GatewayErrors.IsUnavailable(exception))
        {
            throw new ProblemException(Problem.OfQuery("cursor", "It must be the cursor of a page, with the same filters."));
        }
        catch (ArgumentException) when (query.Order == ListOrder.Due)
        {
            throw new ProblemException(Problem.OfQuery("order", "Too many queues, types and priorities have jobs that wait: name a queue and a type."));
        }
    }

    private string NextAddress(HttpContext context, string cursor)
    {
        var parameters = context.Request.Query.Where(parameter => parameter.Key != "cursor")
            .SelectMany(parameter => parameter.Value, (parameter, value) => KeyValuePair.Create(parameter.Key, value))
            .Append(KeyValuePair.Create("cursor", (string?)cursor));
        return address.Of(context, QueryHelpers.AddQueryString("/jobs", parameters));
    }
}
