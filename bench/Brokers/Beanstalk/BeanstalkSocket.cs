using System.Net.Sockets;
using System.Text;

namespace OrleansJobs.Bench.Brokers.Beanstalk;

/// <summary>A connection: bytes out, replies in. One writer and one reader at a time.</summary>
internal sealed class BeanstalkSocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    public static async Task<BeanstalkSocket> ConnectAsync(int port)
    {
        var connection = new BeanstalkSocket();
        await connection._socket.ConnectAsync("127.0.0.1", port);
        return connection;
    }

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[await _socket.SendAsync(bytes)..];
    }

    /// <summary>The next reply, if all of it has come.</summary>
    /// <param name="body">Valid until more is received.</param>
    public bool TryRead(out BeanstalkReply reply, out ReadOnlySpan<byte> body)
    {
        var bytes = _buffer.AsSpan(_start, _end - _start);
        body = default;
        if (!BeanstalkReply.TryRead(bytes, out reply)) return false;
        body = bytes.Slice(reply.BodyStart, reply.BodyLength);
        _start += reply.Length;
        return true;
    }

    /// <summary>Waits for more bytes.</summary>
    /// <exception cref="EndOfStreamException">There will be none.</exception>
    public async Task ReceiveAsync()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length) Array.Resize(ref _buffer, 2 * _buffer.Length);
        var received = await _socket.ReceiveAsync(_buffer.AsMemory(_end));
        if (received == 0) throw new EndOfStreamException("beanstalkd has closed the connection.");
        _end += received;
    }

    /// <exception cref="InvalidOperationException">Always.</exception>
    public static void Refuse(ReadOnlySpan<byte> line) => throw new InvalidOperationException($"beanstalkd says: {Encoding.ASCII.GetString(line)}");

    public void Dispose() => _socket.Dispose();
}
