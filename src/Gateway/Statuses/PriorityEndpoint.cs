using System.Text.Json;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Statuses;

/// <summary><c>POST /jobs/{id}/priority</c>: a waiting job goes before others, or behind them. It is in the store before it is answered.</summary>
internal sealed class PriorityEndpoint(JobGrid grid, BodyReader bodies, Audit audit, TimeProvider time)
{
    private const int MaxBytes = 4096;

    public async Task PrioritiseAsync(HttpContext context)
    {
        var id = StatusEndpoints.IdOf(context);
        if (ContentRules.Check(context.Request, ContentRules.Json) is { } wrong) throw new ProblemException(wrong);
        var (priority, reason) = await ReadAsync(context);
        var partition = await grid.PartitionAsync(id);
        if (Caller.Of(context).IsLimited) StatusEndpoints.Show(await partition.Get(id), context);

        var change = await audit.JobAsync(context, "prioritise", id, reason, order => partition.Prioritise(id, priority, order));
        await ChangeAnswer.SendAsync(context, change, partition, id, time, "The job has its priority for good.");
    }

    private async Task<(int Priority, string? Reason)> ReadAsync(HttpContext context)
    {
        using var body = await bodies.ReadAsync(context, MaxBytes);
        try
        {
            return Read(body.Span);
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            throw new ProblemException(StrictJson.Malformed(exception));
        }
    }

    private static (int Priority, string? Reason) Read(ReadOnlySpan<byte> body)
    {
        var reader = StrictJson.Reader(body);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) throw Wrong("", "It must be an object with a priority.");
        int? priority = null;
        string? reason = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            if (name is not ("priority" or "reason")) throw Wrong(StrictJson.Segment(name), "There is no such member.");
            if (name == "priority" ? priority is not null : reason is not null) throw Wrong("/" + name, "It is given twice.");
            reader.Read();
            if (name == "priority") priority = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number) && number is >= 0 and <= JobLimits.MaxPriority ? number : throw Wrong("/priority", $"It must be an integer from 0 to {JobLimits.MaxPriority}.");
            else reason = reader.TokenType == JsonTokenType.String && reader.GetString() is { Length: <= ReasonReader.MaxLength } text ? text : throw Wrong("/reason", $"It must be a string of at most {ReasonReader.MaxLength} characters.");
        }

        StrictJson.ExpectEnd(ref reader);
        return (priority ?? throw Wrong("/priority", "It must be given."), reason);
    }

    private static ProblemException Wrong(string pointer, string detail) => new(Problem.OfMember(ProblemTypes.InvalidMember, pointer, detail));
}
