using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace OrleansJobs.Tests.Gateway;

/// <summary>HTTP by hand, for what no client library would send.</summary>
internal static class RawHttp
{
    public static async Task<RawAnswer> SendAsync(Uri server, byte[] request, CancellationToken cancellation)
    {
        using var socket = new TcpClient { NoDelay = true };
        await socket.ConnectAsync(server.Host, server.Port, cancellation);
        var stream = socket.GetStream();
        try
        {
            await stream.WriteAsync(request, cancellation);
        }
        catch (IOException)
        {
            // It has answered and closed before it read all; the answer is there.
        }

        return await ReadAsync(stream, cancellation);
    }

    public static async Task<RawAnswer> ReadAsync(Stream stream, CancellationToken cancellation)
    {
        using var received = new MemoryStream();
        try
        {
            await stream.CopyToAsync(received, cancellation);
        }
        catch (IOException) when (received.Length > 0)
        {
            // Reset after the answer, since there was more to read.
        }

        var text = Encoding.UTF8.GetString(received.ToArray());
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0) throw new IOException($"No answer, but '{text}'.");
        return new(int.Parse(text.AsSpan(9, 3)), text[..end], text[(end + 4)..]);
    }

    /// <summary>A request with its Content-Length, unless it says otherwise.</summary>
    public static byte[] Request(string method, string target, string headers, byte[] body, string host = "localhost")
    {
        var length = body.Length > 0 && !headers.Contains("Transfer-Encoding", StringComparison.Ordinal) ? $"Content-Length: {body.Length}\r\n" : "";
        return [.. Encoding.UTF8.GetBytes($"{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}{length}\r\n"), .. body];
    }

    public static byte[] Chunked(byte[] body, int size)
    {
        using var chunks = new MemoryStream();
        foreach (var chunk in body.Chunk(size))
        {
            chunks.Write(Encoding.ASCII.GetBytes($"{chunk.Length:x}\r\n"));
            chunks.Write(chunk);
            chunks.Write("\r\n"u8);
        }

        chunks.Write("0\r\n\r\n"u8);
        return chunks.ToArray();
    }
}

internal sealed record RawAnswer(int Status, string Head, string Body)
{
    /// <summary>The problem's type without its prefix; <c>-</c> where there is no body.</summary>
    public string ProblemType => Body.Length == 0 ? "-" : JsonDocument.Parse(Body).RootElement.GetProperty("type").GetString()!.Replace("urn:orleansjobs:problem:", "");
}
