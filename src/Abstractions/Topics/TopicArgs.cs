using System.Buffers;
using System.Text.Json;

namespace OrleansJobs;

/// <summary>The arguments of a binding, and those of its jobs.</summary>
internal static class TopicArgs
{
    private const string Event = "event";

    /// <summary>Bytes of what stands about an event, its key and id escaped.</summary>
    private const int Envelope = 3 << 10;

    /// <summary>
    /// Bytes of an event. The rest of what arguments may have is for what bindings add, whether there are any that do: who publishes knows nobody, and one binding is not to
    /// make an event too large that fits all others.
    /// </summary>
    public static int MostData(JobLimits limits) => limits.MaxArgsBytes - RoomIn(limits);

    /// <summary>Bytes of a binding's own arguments.</summary>
    public static int MostArgs(JobLimits limits) => Math.Max(0, RoomIn(limits) - Envelope);

    public static SubmissionProblem? Check(byte[] args)
    {
        if (args.Length > TopicBinding.MaxArgsBytes) return new("/args", $"Arguments of a binding are at most {TopicBinding.MaxArgsBytes} bytes.") { TooLarge = true };
        try
        {
            return CheckMembers(new(args, new JsonReaderOptions { MaxDepth = JobJson.MaxDepth }));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return new("/args", "Arguments of a binding are a JSON object, all of its strings Unicode text.");
        }
    }

    /// <summary>What a job is given: what was published, or the binding's own arguments with it.</summary>
    public static byte[] Of(TopicBinding binding, TopicEvent told)
    {
        if (binding.Args is not { } args) return told.Data;
        var buffer = new ArrayBufferWriter<byte>(args.Length + told.Data.Length + told.Key.Length + told.EventId.Length + 64);
        // As they are, but for the brace that ends them: it was an object when it was put.
        var members = args.AsSpan().TrimEnd(Blank)[..^1];
        buffer.Write(members);
        if (members.TrimEnd(Blank)[^1] != '{') buffer.Write(","u8);
        buffer.Write("\"event\":"u8);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, told.EventId);
            json.WriteString("key"u8, told.Key);
            json.WritePropertyName("data"u8);
            json.WriteRawValue(told.Data, skipInputValidation: true);
            json.WriteEndObject();
        }

        buffer.Write("}"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static ReadOnlySpan<byte> Blank => " \t\r\n"u8;

    private static int RoomIn(JobLimits limits) => Math.Min(TopicBinding.MaxArgsBytes + Envelope, limits.MaxArgsBytes / 2);

    /// <summary>Reads all of it: what is broken within a string is found only where that is read, and would be at each event.</summary>
    private static SubmissionProblem? CheckMembers(Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType is not JsonTokenType.StartObject) return new("/args", "Arguments of a binding are an object.");
        var hasEvent = false;
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName)) continue;
            if (reader.ValueIsEscaped) _ = reader.GetString();
            hasEvent |= reader is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 1 } && reader.ValueTextEquals(Event);
        }

        return hasEvent ? new("/args/event", "It is where what was published will stand.") : null;
    }
}
