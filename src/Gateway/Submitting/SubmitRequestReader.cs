using System.Text.Json;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Keys;

namespace OrleansJobs.Gateway.Submitting;

/// <summary>Reads the JSON of a submit in one pass, member by member. What is wrong is noted with its pointer; only broken JSON throws (<see cref="StrictJson.IsMalformed"/>).</summary>
internal static class SubmitRequestReader
{
    private const double MaxMilliseconds = long.MaxValue / 2;

    /// <summary>Reads the object that <paramref name="reader"/> stands on.</summary>
    /// <param name="isCopy">The type is that of another job.</param>
    public static SubmitRequest Read(ref Utf8JsonReader reader, bool isCopy = false)
    {
        var request = new SubmitRequest();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            request.Wrong("", "A submit is a JSON object.");
            reader.Skip();
            return request;
        }

        var seen = Member.None;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var member = MemberOf(ref reader);
            if (member == Member.None)
            {
                request.Wrong(StrictJson.Segment(reader.GetString()!), "There is no such member.");
                reader.Skip();
                continue;
            }

            if ((seen & member) != 0) request.Wrong("/" + NameOf(member), "It is given twice.");
            seen |= member;
            reader.Read();
            ReadMember(ref reader, member, request);
        }

        if (isCopy && (seen & Member.Type) != 0) request.Wrong("/type", "A copy has the type of its job.");
        if (!isCopy && (seen & Member.Type) == 0) request.Wrong("/type", "A submit names its job type.");
        if ((seen & (Member.Eta | Member.Countdown)) == (Member.Eta | Member.Countdown)) request.Wrong("/eta", "Give countdown or eta, not both.");
        return request;
    }

    private static void ReadMember(ref Utf8JsonReader reader, Member member, SubmitRequest request)
    {
        switch (member)
        {
            case Member.Args:
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                request.Args = start..(int)reader.BytesConsumed;
                break;
            case Member.Id: request.Id = ReadString(ref reader, member, request); break;
            case Member.Type: request.Type = ReadString(ref reader, member, request); break;
            case Member.Queue: request.Queue = ReadString(ref reader, member, request); break;
            case Member.Priority: request.Priority = ReadInteger(ref reader, member, request); break;
            case Member.Attempts: request.Attempts = ReadInteger(ref reader, member, request); break;
            case Member.Countdown: request.Countdown = ReadSeconds(ref reader, member, request); break;
            case Member.Timeout: request.Timeout = ReadSeconds(ref reader, member, request); break;
            case Member.Retention: request.Retention = ReadSeconds(ref reader, member, request); break;
            case Member.Eta: request.Eta = ReadInstant(ref reader, member, request); break;
            case Member.Expires when reader.TokenType == JsonTokenType.String: request.ExpiresAt = ReadInstant(ref reader, member, request); break;
            case Member.Expires: request.ExpiresAfter = ReadSeconds(ref reader, member, request); break;
            case Member.Deadline when reader.TokenType == JsonTokenType.String: request.DeadlineAt = ReadInstant(ref reader, member, request); break;
            case Member.Deadline: request.DeadlineAfter = ReadSeconds(ref reader, member, request); break;
            case Member.After: request.After = AfterReader.Read(ref reader, request); break;
            case Member.Notify: request.Notify = NotifyReader.Read(ref reader, request); break;
            case Member.OnUnmet: request.CancelIfUnmet = ReadWord(ref reader, member, request, "fail", "cancel") == "cancel"; break;
            case Member.Key: request.Key = ReadString(ref reader, member, request); break;
            case Member.Weight: request.Weight = ReadInteger(ref reader, member, request); break;
            case Member.Unique: request.Unique = UniqueReader.Read(ref reader, request); break;
            default: request.Tags = ReadTags(ref reader, request); break;
        }
    }

    private static string? ReadString(ref Utf8JsonReader reader, Member member, SubmitRequest request)
    {
        if (reader.TokenType == JsonTokenType.String) return reader.GetString()!;
        WrongType(ref reader, member, request, "a string");
        return null;
    }

    private static string? ReadWord(ref Utf8JsonReader reader, Member member, SubmitRequest request, params ReadOnlySpan<string> words)
    {
        if (ReadString(ref reader, member, request) is not { } word) return null;
        if (words.Contains(word)) return word;
        request.Wrong("/" + NameOf(member), $"It must be {string.Join(" or ", words!)}.");
        return null;
    }

    private static int? ReadInteger(ref Utf8JsonReader reader, Member member, SubmitRequest request)
    {
        if (reader.TokenType != JsonTokenType.Number) WrongType(ref reader, member, request, "an integer");
        else if (reader.TryGetInt32(out var value)) return value;
        else request.Wrong("/" + NameOf(member), "It must be an integer within 32 bits.");
        return null;
    }

    private static long? ReadSeconds(ref Utf8JsonReader reader, Member member, SubmitRequest request)
    {
        if (reader.TokenType != JsonTokenType.Number)
        {
            WrongType(ref reader, member, request, "a number of seconds");
            return null;
        }

        // Away from zero: never early, and a negative one stays negative.
        if (reader.TryGetDouble(out var seconds) && Math.Abs(seconds * 1000) <= MaxMilliseconds)
            return (long)(seconds < 0 ? Math.Floor(seconds * 1000) : Math.Ceiling(seconds * 1000));
        request.Wrong("/" + NameOf(member), "The number is out of range.");
        return null;
    }

    private static long? ReadInstant(ref Utf8JsonReader reader, Member member, SubmitRequest request)
    {
        if (reader.TokenType != JsonTokenType.String) WrongType(ref reader, member, request, "an instant in a string");
        else if (Instants.TryParse(reader.GetString()!, out var instant)) return instant.ToUnixTimeMilliseconds();
        else request.Wrong("/" + NameOf(member), "It must be an instant with an offset as RFC 3339 has it, such as 2030-01-31T12:00:00Z.");
        return null;
    }

    public static JobTag[] ReadTags(ref Utf8JsonReader reader, SubmitRequest request)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            WrongType(ref reader, Member.Tags, request, "an object of strings");
            return [];
        }

        var tags = new List<JobTag>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
            {
                // One more than the limit is enough to break it.
                if (tags.Count <= JobLimits.MaxTags) tags.Add(new(name, reader.GetString()!));
                continue;
            }

            request.Wrong("/tags" + StrictJson.Segment(name), "It must be a string.");
            reader.Skip();
        }

        return [.. tags];
    }

    private static void WrongType(ref Utf8JsonReader reader, Member member, SubmitRequest request, string expected)
    {
        request.Wrong("/" + NameOf(member), $"It must be {expected}.");
        reader.Skip();
    }

    private static Member MemberOf(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("type"u8)) return Member.Type;
        if (reader.ValueTextEquals("args"u8)) return Member.Args;
        if (reader.ValueTextEquals("id"u8)) return Member.Id;
        if (reader.ValueTextEquals("queue"u8)) return Member.Queue;
        if (reader.ValueTextEquals("priority"u8)) return Member.Priority;
        if (reader.ValueTextEquals("countdown"u8)) return Member.Countdown;
        if (reader.ValueTextEquals("eta"u8)) return Member.Eta;
        if (reader.ValueTextEquals("expires"u8)) return Member.Expires;
        if (reader.ValueTextEquals("deadline"u8)) return Member.Deadline;
        if (reader.ValueTextEquals("attempts"u8)) return Member.Attempts;
        if (reader.ValueTextEquals("timeout"u8)) return Member.Timeout;
        if (reader.ValueTextEquals("retention"u8)) return Member.Retention;
        if (reader.ValueTextEquals("after"u8)) return Member.After;
        if (reader.ValueTextEquals("onUnmet"u8)) return Member.OnUnmet;
        if (reader.ValueTextEquals("notify"u8)) return Member.Notify;
        if (reader.ValueTextEquals("key"u8)) return Member.Key;
        if (reader.ValueTextEquals("unique"u8)) return Member.Unique;
        if (reader.ValueTextEquals("weight"u8)) return Member.Weight;
        return reader.ValueTextEquals("tags"u8) ? Member.Tags : Member.None;
    }

    // The members' names on the wire are those of the enum, with a small first letter.
    private static string NameOf(Member member) => JsonNamingPolicy.CamelCase.ConvertName(member.ToString());

    [Flags]
    private enum Member
    {
        None = 0,
        Id = 1 << 0,
        Type = 1 << 1,
        Queue = 1 << 2,
        Args = 1 << 3,
        Priority = 1 << 4,
        Countdown = 1 << 5,
        Eta = 1 << 6,
        Expires = 1 << 7,
        Attempts = 1 << 8,
        Timeout = 1 << 9,
        Retention = 1 << 10,
        Tags = 1 << 11,
        After = 1 << 12,
        OnUnmet = 1 << 13,
        Deadline = 1 << 14,
        Notify = 1 << 15,
        Key = 1 << 16,
        Weight = 1 << 17,
        Unique = 1 << 18,
    }
}
