using System.Text.Json;
using OrleansJobs.Gateway.Finding;
using OrleansJobs.Gateway.Guarding;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Acting;

/// <summary>Reads what is to be done to which jobs.</summary>
internal static class ActReader
{
    /// <exception cref="ProblemException">What is wrong with it.</exception>
    public static JobActionOrder Read(ReadOnlySpan<byte> body, Caller caller)
    {
        try
        {
            return Checked(Read(body), caller);
        }
        catch (Exception exception) when (StrictJson.IsMalformed(exception))
        {
            throw new ProblemException(StrictJson.Malformed(exception));
        }
    }

    private static JobActionOrder Read(ReadOnlySpan<byte> body)
    {
        var reader = StrictJson.Reader(body);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) throw Wrong("", "It must be an object with an action, and a filter or ids.");
        JobAction? action = null;
        var order = new JobActionOrder { Action = default };
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            if (name is not ("action" or "filter" or "ids" or "reason" or "dryRun")) throw Wrong(StrictJson.Segment(name), "There is no such member.");
            if (!seen.Add(name)) throw Wrong("/" + name, "It is given twice.");
            reader.Read();
            switch (name)
            {
                case "action":
                    action = reader.TokenType == JsonTokenType.String && JobActions.TryParse(reader.GetString(), out var read) ? read : throw Wrong("/action", "It must be retry, cancel, delete or due.");
                    break;
                case "filter": order = order with { Filter = Filter(ref reader) }; break;
                case "ids": order = order with { Ids = Ids(ref reader) }; break;
                case "reason": order = order with { Reason = reader.TokenType == JsonTokenType.String ? reader.GetString() : throw Wrong("/reason", "It must be a string.") }; break;
                default:
                    order = order with { IsDryRun = reader.TokenType is JsonTokenType.True or JsonTokenType.False ? reader.GetBoolean() : throw Wrong("/dryRun", "It must be true or false.") };
                    break;
            }
        }

        StrictJson.ExpectEnd(ref reader);
        return order with { Action = action ?? throw Wrong("/action", "It must be given: retry, cancel, delete or due.") };
    }

    private static JobActionOrder Checked(JobActionOrder order, Caller caller)
    {
        if (ActionArgs.Check(order) is { } problem) throw Wrong(problem.Pointer, problem.Detail);
        return order.Filter is { } filter ? order with { Filter = JobQueries.Limit(filter, caller, OfFilter) } : order;
    }

    private static JobQuery Filter(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw Wrong("/filter", "It must be an object whose members are the parameters of GET /jobs.");
        var members = new Dictionary<string, string?>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String) throw OfFilter(name, "It must be a string, as in the query of GET /jobs.");
            // One that is given twice is told as such.
            if (!members.TryAdd(name, reader.GetString())) members[name] = null;
        }

        return JobQueries.Read(members.Select(member => (member.Key, member.Value)), JobFilter.Names, OfFilter);
    }

    private static List<string> Ids(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray) throw Wrong("/ids", "It must be an array of ids.");
        var ids = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (ids.Count == JobActionOrder.MaxIds) throw Wrong("/ids", $"They must be 1 to {JobActionOrder.MaxIds}.");
            if (reader.TokenType != JsonTokenType.String || reader.GetString() is not { } id || !JobIds.IsValid(id)) throw Wrong($"/ids/{ids.Count}", "It must be the id of a job.");
            ids.Add(id);
        }

        return ids;
    }

    private static ProblemException OfFilter(string name, string detail) => Wrong("/filter" + StrictJson.Segment(name), detail);

    private static ProblemException Wrong(string pointer, string detail) => new(Problem.OfMember(ProblemTypes.InvalidMember, pointer, detail));
}
