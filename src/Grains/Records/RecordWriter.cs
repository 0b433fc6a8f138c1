using System.Buffers;
using System.Text;

namespace OrleansJobs.Records;

/// <summary>
/// Writes a stored record: numbered fields in the wire format of protocol buffers, so that a release before this one can skip what it does
/// not know. A field whose value is the default is left out.
/// </summary>
internal ref struct RecordWriter
{
    private const int VarintMax = 10;
    private byte[] _buffer;
    private int _length;

    public RecordWriter(int capacity) => _buffer = ArrayPool<byte>.Shared.Rent(Math.Max(capacity, 64));

    public void Number(int field, long value)
    {
        if (value == 0) return;
        Tag(field, WireType.Varint);
        Varint((ulong)value);
    }

    /// <summary>For numbers that may be negative or are zero in earnest.</summary>
    public void Signed(int field, long? value)
    {
        if (value is not { } number) return;
        Tag(field, WireType.Varint);
        Varint((ulong)((number << 1) ^ (number >> 63)));
    }

    public void Double(int field, double value)
    {
        Tag(field, WireType.Fixed64);
        Ensure(8);
        System.Buffers.Binary.BinaryPrimitives.WriteDoubleLittleEndian(_buffer.AsSpan(_length), value);
        _length += 8;
    }

    public void Text(int field, string? value)
    {
        if (string.IsNullOrEmpty(value)) return;
        Tag(field, WireType.Bytes);
        var size = Encoding.UTF8.GetByteCount(value);
        Varint((uint)size);
        Ensure(size);
        _length += Encoding.UTF8.GetBytes(value, _buffer.AsSpan(_length));
    }

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, WireType.Bytes);
        Varint((uint)value.Length);
        Ensure(value.Length);
        value.CopyTo(_buffer.AsSpan(_length));
        _length += value.Length;
    }

    /// <summary>Begins a record within this one, which <see cref="Close"/> ends: it need not be written apart and copied.</summary>
    public int Open(int field)
    {
        Tag(field, WireType.Bytes);
        // For its length, where that is short as nearly always.
        Ensure(1);
        return ++_length;
    }

    /// <param name="start">What <see cref="Open"/> returned.</param>
    public void Close(int start)
    {
        var size = _length - start;
        if (size < 0x80)
        {
            _buffer[start - 1] = (byte)size;
            return;
        }

        var room = 0;
        for (var rest = (uint)size >> 7; rest > 0; rest >>= 7) room++;
        Ensure(VarintMax);
        _buffer.AsSpan(start, size).CopyTo(_buffer.AsSpan(start + room));
        var end = _length + room;
        _length = start - 1;
        Varint((uint)size);
        _length = end;
    }

    /// <summary>The record; the writer must not be used again.</summary>
    public byte[] ToArray()
    {
        var record = _buffer.AsSpan(0, _length).ToArray();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        return record;
    }

    private void Tag(int field, WireType type) => Varint((uint)(field << 3) | (uint)type);

    private void Varint(ulong value)
    {
        Ensure(VarintMax);
        while (value >= 0x80)
        {
            _buffer[_length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _buffer[_length++] = (byte)value;
    }

    private void Ensure(int more)
    {
        if (_length + more <= _buffer.Length) return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + more));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}

internal enum WireType : byte
{
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
}
