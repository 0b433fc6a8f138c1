using System.Buffers.Binary;
using System.Text;

namespace OrleansJobs.Records;

/// <summary>Reads what <see cref="RecordWriter"/> wrote, one field after the other.</summary>
internal ref struct RecordReader(ReadOnlySpan<byte> record)
{
    private ReadOnlySpan<byte> _rest = record;
    private ulong _number;

    /// <summary>The field that <see cref="Next"/> moved to.</summary>
    public int Field { get; private set; }

    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Bytes behind the field.</summary>
    public readonly int Left => _rest.Length;

    public readonly long Number => (long)_number;

    public readonly long Signed => (long)(_number >> 1) ^ -(long)(_number & 1);

    public readonly double Double => BitConverter.Int64BitsToDouble((long)_number);

    public readonly string Text => Encoding.UTF8.GetString(Bytes);

    public bool Next()
    {
        if (_rest.IsEmpty) return false;
        var tag = Varint();
        Field = (int)(tag >> 3);
        switch ((WireType)(tag & 7))
        {
            case WireType.Varint:
                _number = Varint();
                break;
            case WireType.Fixed64:
                _number = BinaryPrimitives.ReadUInt64LittleEndian(_rest);
                _rest = _rest[8..];
                break;
            case WireType.Bytes:
                var size = checked((int)Varint());
                Bytes = _rest[..size];
                _rest = _rest[size..];
                break;
            default:
                throw new InvalidDataException($"A stored record has a field of unknown wire type {tag & 7}.");
        }

        return true;
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (_rest.IsEmpty) throw new InvalidDataException("A stored record ends within a number.");
            var next = _rest[0];
            _rest = _rest[1..];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return value;
        }

        throw new InvalidDataException("A stored record has a number of more than 64 bits.");
    }
}
