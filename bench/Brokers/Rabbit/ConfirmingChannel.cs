using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace OrleansJobs.Bench.Brokers.Rabbit;

/// <summary>
/// Sends in order, and knows by the broker's confirms what has arrived. The client can wait for each confirm by itself, but takes a header in each message and a search through all
/// that are under way for that.
/// </summary>
internal sealed class ConfirmingChannel
{
    private static readonly CachedString DefaultExchange = new("");
    private static readonly BasicProperties Persistent = new() { DeliveryMode = DeliveryModes.Persistent };

    private readonly IChannel _channel;
    private readonly CachedString _queue;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Confirms _confirms = new();

    private ConfirmingChannel(IChannel channel, string queue)
    {
        _channel = channel;
        _queue = new(queue);
    }

    public static async Task<ConfirmingChannel> OpenAsync(IConnection connection, string queue)
    {
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false));
        var confirming = new ConfirmingChannel(channel, queue);
        channel.BasicAcksAsync += (_, confirm) => confirming.HearAsync(confirm);
        channel.BasicNacksAsync += (_, confirm) => confirming.FailAsync($"RabbitMQ has refused message {confirm.DeliveryTag}.");
        channel.ChannelShutdownAsync += (_, shutdown) => confirming.FailAsync($"RabbitMQ has closed the channel: {shutdown.ReplyText}");
        return confirming;
    }

    public async Task SendAsync(long first, int count, int size)
    {
        // The client copies a message before it returns.
        var message = Message.Create(size);
        Task confirmed;
        await _turn.WaitAsync();
        try
        {
            confirmed = _confirms.Expect(count);
            for (var i = 0; i < count; i++)
            {
                Message.Number(message, first + i);
                await _channel.BasicPublishAsync(DefaultExchange, _queue, mandatory: false, Persistent, message);
            }
        }
        finally
        {
            _turn.Release();
        }

        await confirmed;
    }

    private Task HearAsync(BasicAckEventArgs confirm)
    {
        _confirms.Hear(confirm.DeliveryTag, confirm.Multiple);
        return Task.CompletedTask;
    }

    private Task FailAsync(string message)
    {
        _confirms.Fail(new InvalidOperationException(message));
        return Task.CompletedTask;
    }
}
