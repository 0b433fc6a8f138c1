using System.Buffers;
using System.Text.Unicode;
using Microsoft.Extensions.Options;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Submitting;

/// <summary>Reads whole bodies within a limit, and keeps the memory of all of them together within another.</summary>
internal sealed class BodyReader(IOptions<JobGatewayOptions> options)
{
    private const int FirstBuffer = 4096;
    private readonly long _budget = options.Value.MaxBodyBytesInFlight;
    private long _inFlight;

    /// <summary>What all bodies that are held now may take up, at most. For tests and metrics.</summary>
    public long InFlight => Interlocked.Read(ref _inFlight);

    /// <exception cref="ProblemException">It is too large, not UTF-8, or there are too many others.</exception>
    public async ValueTask<Body> ReadAsync(HttpContext context, int limit)
    {
        var declared = context.Request.ContentLength;
        if (declared > limit) throw new ProblemException(TooLarge(limit));
        var body = new Body(this);
        try
        {
            // Memory grows with what has come, not with what is announced: an announcement costs a slow client nothing.
            body.Grow((int)Math.Min(declared ?? FirstBuffer, FirstBuffer));
            var reader = context.Request.BodyReader;
            while (true)
            {
                var read = await reader.ReadAsync(context.RequestAborted);
                if (body.Length + read.Buffer.Length > limit) throw new ProblemException(TooLarge(limit));
                foreach (var part in read.Buffer) body.Append(part.Span);
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted) break;
            }

            // The JSON reader looks inside strings only where somebody reads them, so this is asked here.
            if (!Utf8.IsValid(body.Span)) throw new ProblemException(new(ProblemTypes.MalformedJson, "The body is not UTF-8."));
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    private static Problem TooLarge(int limit) => new(ProblemTypes.TooLarge, $"The body may have at most {limit} bytes.");

    private byte[] Take(int length)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        if (Interlocked.Add(ref _inFlight, buffer.Length) <= _budget) return buffer;
        GiveBack(buffer);
        throw new ProblemException(new(ProblemTypes.Overloaded, "Too many bodies are being received.") { RetryAfter = TimeSpan.FromSeconds(1) });
    }

    private void GiveBack(byte[] buffer)
    {
        Interlocked.Add(ref _inFlight, -buffer.Length);
        ArrayPool<byte>.Shared.Return(buffer);
    }

    /// <summary>A body in a pooled buffer.</summary>
    public sealed class Body(BodyReader owner) : IDisposable
    {
        private byte[] _buffer = [];

        public int Length { get; private set; }
        public ReadOnlySpan<byte> Span => _buffer.AsSpan(0, Length);
        public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, Length);

        public void Append(ReadOnlySpan<byte> bytes)
        {
            if (Length + bytes.Length > _buffer.Length) Grow(Math.Max(Length + bytes.Length, _buffer.Length * 2));
            bytes.CopyTo(_buffer.AsSpan(Length));
            Length += bytes.Length;
        }

        public void Grow(int length)
        {
            var larger = owner.Take(length);
            Span.CopyTo(larger);
            if (_buffer.Length > 0) owner.GiveBack(_buffer);
            _buffer = larger;
        }

        public void Dispose()
        {
            if (_buffer.Length > 0) owner.GiveBack(_buffer);
            _buffer = [];
            Length = 0;
        }
    }
}
