using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.ObjectPool;

namespace OrleansJobs.Gateway.Json;

/// <summary>A pooled buffer with a JSON writer over it. Whole answers are written into it, so that their length is known before they are sent.</summary>
internal sealed class JsonBuffer
{
    /// <summary>Larger buffers are not kept: one list of long messages must not stay in memory for ever.</summary>
    private const int MaxKept = 64 << 10;
    private static readonly DefaultObjectPool<JsonBuffer> Pool = new(new DefaultPooledObjectPolicy<JsonBuffer>(), 256);

    private readonly ArrayBufferWriter<byte> _bytes = new(1024);

    public JsonBuffer() => Writer = new Utf8JsonWriter(_bytes, new JsonWriterOptions { SkipValidation = true });

    public Utf8JsonWriter Writer { get; }

    public static JsonBuffer Rent() => Pool.Get();

    /// <summary>Sends what was written and takes the buffer back.</summary>
    public async Task SendAsync(HttpResponse response, string contentType = "application/json")
    {
        Writer.Flush();
        response.ContentType = contentType;
        response.ContentLength = _bytes.WrittenCount;
        if (!HttpMethods.IsHead(response.HttpContext.Request.Method))
            await response.BodyWriter.WriteAsync(_bytes.WrittenMemory, response.HttpContext.RequestAborted);
        Return();
    }

    /// <summary>A copy of what was written; takes the buffer back.</summary>
    public byte[] ToArray()
    {
        Writer.Flush();
        var copy = _bytes.WrittenSpan.ToArray();
        Return();
        return copy;
    }

    private void Return()
    {
        if (_bytes.Capacity > MaxKept) return;
        Writer.Reset();
        _bytes.ResetWrittenCount();
        Pool.Return(this);
    }
}
