using System.Text;
using StackExchange.Redis;

namespace OrleansJobs.Storage;

/// <summary>
/// An id as a log keeps it: UUIDs, which most ids are, as a mark and 16 bytes instead of 36 characters. Only for values that nothing is ordered or looked
/// up by; elsewhere ids stay text, whose order by bytes is part of the store's contract.
/// </summary>
internal static class CompactId
{
    public const int MaxCompactLength = 17;

    /// <summary>No text in UTF-8 has it.</summary>
    private const byte Mark = 0xFF;

    private const int TextLength = 36;

    /// <param name="buffer">Where a compact form goes; must outlive the value. Cut off by what is used.</param>
    public static RedisValue Encode(string id, ref Memory<byte> buffer)
    {
        // Other spellings of a UUID are other ids, so only the one that decoding gives back counts.
        if (id.Length != TextLength || !Guid.TryParseExact(id, "D", out var uuid)) return id;
        Span<char> text = stackalloc char[TextLength];
        uuid.TryFormat(text, out _, "D");
        if (!text.SequenceEqual(id)) return id;

        var compact = buffer[..MaxCompactLength];
        buffer = buffer[MaxCompactLength..];
        compact.Span[0] = Mark;
        uuid.TryWriteBytes(compact.Span[1..], bigEndian: true, out _);
        return compact;
    }

    public static string Decode(ReadOnlySpan<byte> value) =>
        value is [Mark, .. { Length: MaxCompactLength - 1 } uuid] ? new Guid(uuid, bigEndian: true).ToString() : Encoding.UTF8.GetString(value);
}
