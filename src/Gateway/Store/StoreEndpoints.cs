using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Store;

/// <summary>Where jobs are kept, and copies of it.</summary>
internal sealed class StoreEndpoints(JobGrid grid, Audit audit)
{
    public async Task GetAsync(HttpContext context)
    {
        RefuseLimited(context);
        var store = await grid.Store.GetInfo();
        await SendAsync(context, json =>
        {
            json.WriteString("kind", store.Kind);
            json.WriteString("where", store.Where);
        });
    }

    public async Task BackUpAsync(HttpContext context)
    {
        RefuseLimited(context);
        var copy = await audit.StoreAsync(context, "copy", _ => grid.Store.BackUp());
        if (copy.Name is null) throw new ProblemException(new(ProblemTypes.NoCopy, copy.Refusal!));
        await SendAsync(context, json =>
        {
            json.WriteString("name", copy.Name);
            json.WriteNumber("bytes", copy.Bytes);
        });
    }

    private static void RefuseLimited(HttpContext context)
    {
        if (Caller.Of(context).IsLimited) throw new ProblemException(new(ProblemTypes.Forbidden, "The store is of all queues, and this key is limited to some."));
    }

    private static Task SendAsync(HttpContext context, Action<System.Text.Json.Utf8JsonWriter> write)
    {
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        json.Writer.WriteStartObject();
        write(json.Writer);
        json.Writer.WriteEndObject();
        return json.SendAsync(context.Response);
    }
}
