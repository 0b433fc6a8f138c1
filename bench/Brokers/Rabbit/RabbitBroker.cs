using RabbitMQ.Client;

namespace OrleansJobs.Bench.Brokers.Rabbit;

/// <summary>RabbitMQ's own client: persistent messages to a durable queue, each confirmed; received with a prefetch, and acknowledged many at once.</summary>
internal sealed class RabbitBroker(BrokerSettings settings, Ledger ledger, bool quorum) : Broker(settings, ledger)
{
    private const string Queue = "jobs";
    private static readonly TimeSpan Requeued = TimeSpan.FromMilliseconds(300);

    private readonly List<IConnection> _connections = [];
    private ConfirmingChannel[] _senders = [];
    private AcknowledgingConsumer[] _receivers = [];
    private IChannel? _asking;

    public override async Task OpenAsync()
    {
        var sending = await ConnectAsync();
        _asking = await sending.CreateChannelAsync();
        var arguments = new Dictionary<string, object?> { [quorum ? "x-queue-type" : "x-queue-version"] = quorum ? "quorum" : 2 };
        await _asking.QueueDeclareAsync(Queue, durable: true, exclusive: false, autoDelete: false, arguments);
        _senders = new ConfirmingChannel[Settings.Senders];
        for (var i = 0; i < _senders.Length; i++) _senders[i] = await ConfirmingChannel.OpenAsync(i == 0 ? sending : await ConnectAsync(), Queue);
    }

    public override Task SendAsync(int lane, long first, int count, int size) => _senders[lane % _senders.Length].SendAsync(first, count, size);

    public override async Task StartReceivingAsync()
    {
        var receivers = new AcknowledgingConsumer[Settings.Receivers];
        for (var i = 0; i < receivers.Length; i++) receivers[i] = await AcknowledgingConsumer.StartAsync(await ConnectAsync(), Queue, (ushort)Settings.Prefetch, Ledger);
        _receivers = receivers;
    }

    public override async Task StopReceivingAsync()
    {
        foreach (var receiver in _receivers) await receiver.DisposeAsync();
        _receivers = [];
    }

    /// <summary>Acknowledgements are not answered; what is asked behind them on the same channel is.</summary>
    public override async Task CatchUpAsync()
    {
        foreach (var receiver in _receivers) await receiver.CatchUpAsync();
    }

    public override async Task<long> LeftAsync()
    {
        // The queue hears of a channel that is no more by and by, and has what that one had not acknowledged again.
        await Task.Delay(Requeued, TimeProvider.System);
        return (await _asking!.QueueDeclarePassiveAsync(Queue)).MessageCount;
    }

    public override async ValueTask DisposeAsync()
    {
        await StopReceivingAsync();
        foreach (var connection in _connections) await connection.DisposeAsync();
    }

    private async Task<IConnection> ConnectAsync()
    {
        var factory = new ConnectionFactory { HostName = "127.0.0.1", Port = Settings.Port, AutomaticRecoveryEnabled = false };
        var connection = await factory.CreateConnectionAsync();
        _connections.Add(connection);
        return connection;
    }
}
