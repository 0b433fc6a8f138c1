using System.Globalization;
using System.Text;

namespace OrleansJobs.Bench.Brokers.Beanstalk;

/// <summary>
/// Reserves and deletes over one connection. A connection's commands are worked off one after the other, and one that waits for a message holds up all behind it; so many reserves
/// that do not wait go together with the deletes of those before, and one that waits only where there was nothing.
/// </summary>
internal sealed class BeanstalkReceiver : IAsyncDisposable
{
    private readonly BeanstalkSocket _socket;
    private readonly Ledger _ledger;
    private readonly int _most;
    private Task _receiving = Task.CompletedTask;
    private volatile bool _stops;

    private BeanstalkReceiver(BeanstalkSocket socket, int prefetch, Ledger ledger)
    {
        _socket = socket;
        _most = prefetch;
        _ledger = ledger;
    }

    public static async Task<BeanstalkReceiver> StartAsync(int port, int prefetch, Ledger ledger)
    {
        var receiver = new BeanstalkReceiver(await BeanstalkSocket.ConnectAsync(port), prefetch, ledger);
        receiver._receiving = Task.Run(receiver.ReceiveAsync);
        return receiver;
    }

    public async ValueTask DisposeAsync()
    {
        _stops = true;
        _socket.Dispose();
        await _receiving;
    }

    private async Task ReceiveAsync()
    {
        var commands = new MemoryStream();
        var reserved = new List<ulong>(_most);
        var asked = 1;
        var waits = true;
        try
        {
            while (!_stops)
            {
                var deletes = reserved.Count;
                commands.SetLength(0);
                foreach (var id in reserved) commands.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"delete {id}\r\n")));
                if (waits) commands.Write("reserve\r\n"u8);
                for (var i = 0; i < asked && !waits; i++) commands.Write("reserve-with-timeout 0\r\n"u8);
                reserved.Clear();
                await _socket.WriteAsync(commands.GetBuffer().AsMemory(0, (int)commands.Length));
                for (var left = deletes + (waits ? 1 : asked); left > 0;)
                {
                    for (; left > 0 && _socket.TryRead(out var reply, out var body); left--) Hear(reply, body);
                    if (left > 0) await _socket.ReceiveAsync();
                }

                // As many as came, and some more: each that is asked for in vain costs an answer.
                waits = reserved.Count == 0;
                asked = Math.Clamp(reserved.Count == asked ? 2 * asked : reserved.Count + reserved.Count / 4 + 1, 1, _most);
            }
        }
        catch (Exception exception)
        {
            // Closing the connection is how a wait is ended. Anything else whoever waits for the messages has to hear of.
            if (!_stops) _ledger.Fail(exception);
        }

        void Hear(BeanstalkReply reply, ReadOnlySpan<byte> body)
        {
            switch (reply.Kind)
            {
                case BeanstalkReplyKind.Reserved:
                    _ledger.Note(Message.NumberOf(body));
                    reserved.Add(reply.Id);
                    break;
                case BeanstalkReplyKind.Deleted:
                    _ledger.Settle(1);
                    break;
                case BeanstalkReplyKind.TimedOut:
                    break;
                default:
                    BeanstalkSocket.Refuse(body);
                    break;
            }
        }
    }
}
