using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrleansJobs.Bench.Http;

/// <summary>
/// One keep-alive connection, one request at a time. As little work as possible between bytes out and bytes in: on two cores a generator that
/// costs as much as the server measures itself.
/// </summary>
internal sealed class HttpConnection(int port) : IDisposable
{
    private readonly byte[] _buffer = new byte[64 << 10];
    private Socket? _socket;
    private int _start;
    private int _end;

    /// <summary>A request as it goes over the wire.</summary>
    public static byte[] Format(string method, string path, string? body) =>
        Encoding.ASCII.GetBytes(body is null
            ? $"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"
            : $"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");

    /// <summary>Sends a request and reads its answer whole.</summary>
    /// <param name="keepBody">Whether the answer's body is wanted.</param>
    public async ValueTask<HttpAnswer> SendAsync(byte[] request, bool keepBody = false)
    {
        if (_socket is null)
        {
            _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await _socket.ConnectAsync(IPAddress.Loopback, port);
            _start = _end = 0;
        }

        await _socket.SendAsync(request);
        int headEnd;
        while ((headEnd = _buffer.AsSpan(_start.._end).IndexOf("\r\n\r\n"u8)) < 0) await FillAsync();
        var head = ParseHead(_buffer.AsSpan(_start, headEnd));
        _start += headEnd + 4;
        var body = keepBody ? new StringBuilder() : null;
        if (head.Chunked) await ReadChunksAsync(body);
        else await ReadBytesAsync(head.Length, body);
        if (head.Close) Dispose();
        return new(head.Status, body?.ToString());
    }

    public void Dispose()
    {
        _socket?.Dispose();
        _socket = null;
    }

    private async ValueTask ReadBytesAsync(int count, StringBuilder? body)
    {
        while (count > 0)
        {
            if (_start == _end) await FillAsync();
            var take = Math.Min(count, _end - _start);
            body?.Append(Encoding.UTF8.GetString(_buffer, _start, take));
            _start += take;
            count -= take;
        }
    }

    private async ValueTask ReadChunksAsync(StringBuilder? body)
    {
        while (true)
        {
            int lineEnd;
            while ((lineEnd = _buffer.AsSpan(_start.._end).IndexOf("\r\n"u8)) < 0) await FillAsync();
            if (!Utf8Parser.TryParse(_buffer.AsSpan(_start, lineEnd), out int size, out _, 'x')) throw new IOException("A chunk without a size.");
            _start += lineEnd + 2;
            await ReadBytesAsync(size, body);
            await ReadBytesAsync(2, null);
            if (size == 0) return;
        }
    }

    private async ValueTask FillAsync()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length) throw new IOException("The head of an answer is larger than 64 KiB.");
        var read = await _socket!.ReceiveAsync(_buffer.AsMemory(_end));
        if (read == 0) throw new IOException("The server closed the connection in mid-answer.");
        _end += read;
    }

    private static (int Status, int Length, bool Chunked, bool Close) ParseHead(ReadOnlySpan<byte> head)
    {
        if (!Utf8Parser.TryParse(head[9..], out int status, out _)) throw new IOException("Not an HTTP answer.");
        var (length, chunked, close) = (0, false, false);
        while (head.IndexOf("\r\n"u8) is >= 0 and var lineEnd)
        {
            head = head[(lineEnd + 2)..];
            if (Value(head, "content-length:"u8) is { IsEmpty: false } number) Utf8Parser.TryParse(number, out length, out _);
            else if (Value(head, "transfer-encoding:"u8) is { IsEmpty: false } encoding) chunked = Ascii.EqualsIgnoreCase(encoding[..Math.Min(7, encoding.Length)], "chunked"u8);
            else if (Value(head, "connection:"u8) is { IsEmpty: false } connection) close = Ascii.EqualsIgnoreCase(connection[..Math.Min(5, connection.Length)], "close"u8);
        }

        return (status, length, chunked, close);
    }

    private static ReadOnlySpan<byte> Value(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name) =>
        line.Length > name.Length && Ascii.EqualsIgnoreCase(line[..name.Length], name) ? line[name.Length..].TrimStart((byte)' ') : default;
}

internal readonly record struct HttpAnswer(int Status, string? Body);
