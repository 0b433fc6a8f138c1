using System.Buffers.Binary;
using System.Text;

namespace OrleansJobs.Tests.Telemetry;

/// <summary>Just enough of the protobuf wire format to read what an OTLP exporter sends, field by field, without generated code.</summary>
internal sealed class ProtoMessage
{
    private readonly List<(int Field, ulong Number, ReadOnlyMemory<byte> Bytes)> _fields = [];

    public ProtoMessage(ReadOnlyMemory<byte> data)
    {
        var rest = data;
        while (rest.Length > 0)
        {
            var key = Varint(ref rest);
            var field = (int)(key >> 3);
            switch (key & 7)
            {
                case 0:
                    _fields.Add((field, Varint(ref rest), default));
                    break;
                case 1:
                    _fields.Add((field, BinaryPrimitives.ReadUInt64LittleEndian(Take(ref rest, 8).Span), default));
                    break;
                case 2:
                    var length = (int)Varint(ref rest);
                    _fields.Add((field, 0, Take(ref rest, length)));
                    break;
                case 5:
                    _fields.Add((field, BinaryPrimitives.ReadUInt32LittleEndian(Take(ref rest, 4).Span), default));
                    break;
                default:
                    throw new InvalidDataException($"Wire type {key & 7}.");
            }
        }
    }

    public IEnumerable<ProtoMessage> Messages(int field) => _fields.Where(entry => entry.Field == field).Select(entry => new ProtoMessage(entry.Bytes));

    public string Text(int field) => Encoding.UTF8.GetString(Bytes(field).Span);

    public string Hex(int field) => Convert.ToHexStringLower(Bytes(field).Span);

    public ulong Number(int field) => _fields.LastOrDefault(entry => entry.Field == field).Number;

    /// <summary>Attributes: key = 1, value = 2 with string = 1, bool = 2, int = 3.</summary>
    public Dictionary<string, string> Attributes(int field)
    {
        var attributes = new Dictionary<string, string>();
        foreach (var pair in Messages(field))
        {
            // Null is told as no value at all.
            if (pair.Messages(2).FirstOrDefault() is not { } value) continue;
            attributes[pair.Text(1)] = value.Bytes(1).Length > 0 ? value.Text(1) : value.Number(3).ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        return attributes;
    }

    private ReadOnlyMemory<byte> Bytes(int field) => _fields.LastOrDefault(entry => entry.Field == field).Bytes;

    private static ReadOnlyMemory<byte> Take(ref ReadOnlyMemory<byte> rest, int length)
    {
        var taken = rest[..length];
        rest = rest[length..];
        return taken;
    }

    private static ulong Varint(ref ReadOnlyMemory<byte> rest)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = Take(ref rest, 1).Span[0];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }
    }
}
