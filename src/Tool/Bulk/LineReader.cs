namespace OrleansJobs.Tool.Bulk;

/// <summary>A line as it was sent, without its end. Of one that is too long only that is kept.</summary>
internal readonly record struct Line(long Number, ReadOnlyMemory<byte> Bytes, bool IsTooLong)
{
    public bool IsEmpty => !IsTooLong && Bytes.Span.Trim(" \t\r"u8).IsEmpty;
}

/// <summary>Reads lines of at most so many bytes; a longer one is passed over in the memory of one.</summary>
internal sealed class LineReader(Stream stream, int longest)
{
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private long _number;
    private bool _hasEnded;

    /// <returns>Null: there are no more.</returns>
    public async ValueTask<Line?> ReadAsync(CancellationToken cancellation)
    {
        var (looked, isTooLong) = (0, false);
        while (true)
        {
            var at = _buffer.AsSpan(_start + looked, _end - _start - looked).IndexOf((byte)'\n');
            if (at >= 0) return Take(looked + at, 1, isTooLong);
            looked = _end - _start;
            if (looked > longest)
            {
                isTooLong = true;
                (_start, _end, looked) = (0, 0, 0);
            }

            if (_hasEnded) return looked > 0 || isTooLong ? Take(looked, 0, isTooLong) : null;
            MakeRoom();
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
            _end += read;
            _hasEnded = read == 0;
        }
    }

    private Line Take(int length, int end, bool isTooLong)
    {
        var bytes = _buffer.AsSpan(_start, length);
        _start += length + end;
        _number++;
        if (isTooLong || length > longest) return new(_number, default, true);
        // A file may say by its first three bytes that it is UTF-8; no line has them.
        if (_number == 1 && bytes.StartsWith("\ufeff"u8)) bytes = bytes[3..];
        return new(_number, bytes.ToArray(), false);
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length) Array.Resize(ref _buffer, _buffer.Length * 2);
    }
}
