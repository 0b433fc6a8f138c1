using System.Globalization;
using System.Text;

namespace OrleansJobs.Bench.Brokers.Beanstalk;

/// <summary>Puts of many lanes over one connection, without waiting for answers: while some bytes are being sent, all that come meanwhile become the next write.</summary>
internal sealed class BeanstalkSender : IDisposable
{
    // Priority, no delay, and so many seconds to handle it.
    private const string Options = "0 0 600";

    private readonly BeanstalkSocket _socket;
    private readonly Lock _lock = new();
    private readonly Queue<Batch> _waiting = [];
    private MemoryStream _filling = new();
    private MemoryStream _sending = new();
    private bool _writes;
    private Exception? _fault;

    private BeanstalkSender(BeanstalkSocket socket) => _socket = socket;

    public static async Task<BeanstalkSender> ConnectAsync(int port)
    {
        var sender = new BeanstalkSender(await BeanstalkSocket.ConnectAsync(port));
        _ = sender.HearAsync();
        return sender;
    }

    /// <returns>Ends when all of them are inserted.</returns>
    public Task SendAsync(long first, int count, int size)
    {
        var batch = new Batch(count);
        var message = Message.Create(size);
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"put {Options} {message.Length}\r\n"));
        lock (_lock)
        {
            if (_fault is not null) return Task.FromException(_fault);
            for (var i = 0; i < count; i++)
            {
                Message.Number(message, first + i);
                _filling.Write(head);
                _filling.Write(message);
                _filling.Write("\r\n"u8);
            }

            _waiting.Enqueue(batch);
            if (_writes) return batch.Task;
            _writes = true;
        }

        _ = WriteAsync();
        return batch.Task;
    }

    public void Dispose() => _socket.Dispose();

    private async Task WriteAsync()
    {
        try
        {
            while (true)
            {
                lock (_lock)
                {
                    if (_filling.Length == 0)
                    {
                        _writes = false;
                        return;
                    }

                    (_filling, _sending) = (_sending, _filling);
                }

                await _socket.WriteAsync(_sending.GetBuffer().AsMemory(0, (int)_sending.Length));
                _sending.SetLength(0);
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
    }

    private async Task HearAsync()
    {
        try
        {
            while (true)
            {
                while (_socket.TryRead(out var reply, out var line))
                {
                    if (reply.Kind != BeanstalkReplyKind.Inserted) BeanstalkSocket.Refuse(line);
                    lock (_lock)
                    {
                        if (--_waiting.Peek().Left == 0) _waiting.Dequeue().TrySetResult();
                    }
                }

                await _socket.ReceiveAsync();
            }
        }
        catch (Exception exception)
        {
            Fail(exception);
        }
    }

    /// <summary>Whatever it is, whoever waits for an answer has to hear of it.</summary>
    private void Fail(Exception exception)
    {
        lock (_lock)
        {
            _fault ??= exception;
            while (_waiting.TryDequeue(out var batch)) batch.TrySetException(_fault);
        }
    }

    private sealed class Batch(int count) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public int Left = count;
    }
}
