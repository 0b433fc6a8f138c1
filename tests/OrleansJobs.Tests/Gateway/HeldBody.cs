namespace OrleansJobs.Tests.Gateway;

/// <summary>The body of an answer whose reader takes nothing in while a test holds it.</summary>
internal sealed class HeldBody : IDisposable
{
    private TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public HeldBody() => _open.SetResult();

    /// <summary>Completes when something is to be written and is held up.</summary>
    public Task IsWaiting => _waiting.Task;

    public void Hold() => _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Dispose() => _open.TrySetResult();

    public Stream Around(Stream body) => new Held(this, body);

    private async Task PassAsync(CancellationToken cancellation)
    {
        if (_open.Task.IsCompleted) return;
        _waiting.TrySetResult();
        await _open.Task.WaitAsync(cancellation);
    }

    private sealed class Held(HeldBody gate, Stream body) : Stream
    {
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await gate.PassAsync(cancellationToken);
            await body.WriteAsync(buffer, cancellationToken);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override Task FlushAsync(CancellationToken cancellationToken) => body.FlushAsync(cancellationToken);

        public override void Flush() => throw new NotSupportedException();
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
