using System.Text.Json;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Statuses;
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
        Refuse(memory, "/step");
        context.Response.Headers.CacheControl = "no-store";
        var json = JsonBuffer.Rent();
        Write(json.Writer, memory);
        await json.SendAsync(context.Response);
    }

    /// <param name="pointer">To what does not fit, where it is that.</param>
    public static void Refuse(WorkMemory memory, string pointer)
    {
        if (memory.Outcome is WorkMemoryOutcome.Stale) throw new ProblemException(new(ProblemTypes.StaleLease, "Stop: the lease is not this session's any more."));
        if (memory.Outcome is WorkMemoryOutcome.Full) throw new ProblemException(Problem.OfMember(ProblemTypes.InvalidMember, pointer, memory.Reason ?? "A job remembers no more."));
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
        if (memory.Children.Length > 0) WriteChildren(writer, memory.Children);
        if (memory.Signals.Length > 0) WriteSignals(writer, memory.Signals);
        if (memory.Started.Length > 0)
        {
            writer.WriteStartArray("started"u8);
            foreach (var name in memory.Started) writer.WriteStringValue(name);
            writer.WriteEndArray();
        }

        if (memory.Seen > 0) writer.WriteNumber("seen"u8, memory.Seen);
        if (memory.Next is { } next) writer.WriteNumber("next"u8, next);
        writer.WriteEndObject();
    }

    private static void WriteChildren(Utf8JsonWriter writer, WorkChildEnd[] children)
    {
        writer.WriteStartArray("children"u8);
        foreach (var child in children)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, child.Name);
            writer.WriteString("id"u8, child.Id);
            writer.WriteString("state"u8, child.State.Name);
            if (child.Result is { } result)
            {
                writer.WritePropertyName("result"u8);
                writer.WriteRawValue(result, skipInputValidation: true);
            }

            if (child.Error is { } error)
            {
                writer.WritePropertyName("error"u8);
                StatusJson.WriteError(writer, error);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteSignals(Utf8JsonWriter writer, WorkSignal[] signals)
    {
        writer.WriteStartArray("signals"u8);
        foreach (var signal in signals)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, signal.Name);
            writer.WritePropertyName("value"u8);
            writer.WriteRawValue(signal.Body, skipInputValidation: true);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
