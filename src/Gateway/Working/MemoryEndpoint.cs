using System.Text.Json;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Working;

/// <summary><c>POST /work/jobs/{id}/memory</c>: the steps that a job has done, for whoever goes on with it.</summary>
internal sealed class MemoryEndpoint(JobGrid grid, BodyReader bodies)
{
    public async Task AskAsync(HttpContext context)
    {
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } problem) throw new ProblemException(problem);
        var id = (string?)context.Request.RouteValues["id"];
        if (!JobIds.IsValid(id)) throw new ProblemException(Problem.NoSuchJob);
        var info = await grid.InfoAsync();
        MemoryRequest request;
        using (var body = await bodies.ReadAsync(context, info.Limits.MaxResultBytes + WorkLimits.EnvelopeBytes)) request = MemoryReader.Read(body.Memory, info.Limits);
        var session = grid.WorkSession(WorkEndpoints.SessionOf(request.Session, Caller.Of(context)));
        var lease = new WorkLeaseName(id!, request.Token);
        var memory = request.Step is { } step ? await session.Remember(lease, step) : await session.Recall(lease, request.After);
        if (memory.Outcome is WorkMemoryOutcome.Stale) throw new ProblemException(new(ProblemTypes.StaleLease, "Stop: the lease is not this session's any more."));
        if (memory.Outcome is WorkMemoryOutcome.Full) throw new ProblemException(Problem.OfMember(ProblemTypes.InvalidMember, "/step", memory.Reason ?? "A job remembers no more."));
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        Write(json.Writer, memory);
        await json.SendAsync(context.Response);
    }

    private static void Write(Utf8JsonWriter writer, WorkMemory memory)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("steps"u8);
        foreach (var step in memory.Steps)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, step.Name);
            writer.WritePropertyName("value"u8);
            writer.WriteRawValue(step.Value, skipInputValidation: true);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (memory.Next is { } next) writer.WriteNumber("next"u8, next);
        writer.WriteEndObject();
    }
}
