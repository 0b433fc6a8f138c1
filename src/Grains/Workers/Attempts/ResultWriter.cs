using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace OrleansJobs.Workers;

/// <summary>Writes values as JSON up to a limit, and stops there instead of building what will be thrown away.</summary>
internal sealed class ResultWriter : IBufferWriter<byte>
{
    /// <summary>A buffer that grew beyond this is not kept for the next result.</summary>
    private const int MaxKept = 64 << 10;

    // The serializer asks for the most a string could take before it knows what it takes: room to write is granted up to this many times the limit.
    private const int Headroom = 16;

    [ThreadStatic]
    private static ResultWriter? _spare;

    private readonly Utf8JsonWriter _json;
    private byte[] _buffer = new byte[512];
    private int _written;
    private int _limit;

    private ResultWriter() => _json = new Utf8JsonWriter(this, new JsonWriterOptions { SkipValidation = true, MaxDepth = JobJson.MaxDepth });

    /// <param name="write">Writes the value.</param>
    /// <param name="limit">Bytes.</param>
    /// <exception cref="ResultTooLargeException">The JSON is longer than the limit.</exception>
    public static byte[] Write<TState>(TState state, Action<Utf8JsonWriter, TState> write, int limit)
    {
        var writer = _spare ?? new ResultWriter();
        _spare = null;
        writer._written = 0;
        writer._limit = limit;
        writer._json.Reset(writer);
        write(writer._json, state);
        writer._json.Flush();
        var bytes = writer._buffer.AsSpan(0, writer._written).ToArray();
        // Only after a success: what an exception left behind is not used again.
        if (writer._buffer.Length <= MaxKept) _spare = writer;
        return bytes;
    }

    public void Advance(int count)
    {
        _written += count;
        if (_written > _limit) ThrowTooLarge();
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(Math.Max(sizeHint, 1));
        return _buffer.AsMemory(_written);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(Math.Max(sizeHint, 1));
        return _buffer.AsSpan(_written);
    }

    private void MakeRoom(int size)
    {
        var needed = (long)_written + size;
        if (needed <= _buffer.Length) return;
        if (needed > Math.Max(64 << 10, (long)_limit * Headroom)) ThrowTooLarge();
        Array.Resize(ref _buffer, (int)Math.Min(Array.MaxLength, Math.Max(needed, 2L * _buffer.Length)));
    }

    [DoesNotReturn]
    private void ThrowTooLarge() => throw new ResultTooLargeException(_limit);
}

/// <summary>A value is longer as JSON than it may be.</summary>
internal sealed class ResultTooLargeException(int limit) : Exception($"It is longer than {limit} bytes as JSON.");
