using RabbitMQ.Client;

namespace OrleansJobs.Bench.Brokers.Rabbit;

/// <summary>Handles what comes, and acknowledges all that has come once a millisecond.</summary>
internal sealed class AcknowledgingConsumer : AsyncDefaultBasicConsumer, IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(1);

    private readonly string _queue;
    private readonly Ledger _ledger;
    private readonly PeriodicTimer _timer = new(Every, TimeProvider.System);
    private Task _acknowledging = Task.CompletedTask;
    private ulong _last;
    private ulong _acknowledged;

    private AcknowledgingConsumer(IChannel channel, string queue, Ledger ledger) : base(channel)
    {
        _queue = queue;
        _ledger = ledger;
    }

    public static async Task<AcknowledgingConsumer> StartAsync(IConnection connection, string queue, ushort prefetch, Ledger ledger)
    {
        var channel = await connection.CreateChannelAsync();
        await channel.BasicQosAsync(0, prefetch, global: false);
        var consumer = new AcknowledgingConsumer(channel, queue, ledger);
        await channel.BasicConsumeAsync(queue, autoAck: false, consumer);
        consumer._acknowledging = consumer.AcknowledgeAsync();
        return consumer;
    }

    public override Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        _ledger.Note(Message.NumberOf(body.Span));
        Volatile.Write(ref _last, deliveryTag);
        return Task.CompletedTask;
    }

    public async Task CatchUpAsync() => await Channel.QueueDeclarePassiveAsync(_queue);

    public async ValueTask DisposeAsync()
    {
        _timer.Dispose();
        await _acknowledging;
        await Channel.CloseAsync();
        await Channel.DisposeAsync();
    }

    private async Task AcknowledgeAsync()
    {
        try
        {
            while (await _timer.WaitForNextTickAsync())
            {
                var last = Volatile.Read(ref _last);
                if (last == _acknowledged) continue;
                await Channel.BasicAckAsync(last, multiple: true);
                _ledger.Settle((long)(last - _acknowledged));
                _acknowledged = last;
            }
        }
        catch (Exception exception)
        {
            // Whatever it is, whoever waits for the messages has to hear of it.
            _ledger.Fail(exception);
        }
    }
}
