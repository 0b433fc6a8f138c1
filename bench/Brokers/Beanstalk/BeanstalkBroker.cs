using System.Text;

namespace OrleansJobs.Bench.Brokers.Beanstalk;

/// <summary>beanstalkd, by a client of our own: there is none for .NET that sends without waiting for each answer.</summary>
internal sealed class BeanstalkBroker(BrokerSettings settings, Ledger ledger) : Broker(settings, ledger)
{
    private static readonly string[] States = ["current-jobs-ready", "current-jobs-reserved", "current-jobs-delayed", "current-jobs-buried"];

    private BeanstalkSender[] _senders = [];
    private BeanstalkReceiver[] _receivers = [];

    public override async Task OpenAsync() => _senders = await Task.WhenAll(Enumerable.Range(0, Settings.Senders).Select(_ => BeanstalkSender.ConnectAsync(Settings.Port)));

    public override Task SendAsync(int lane, long first, int count, int size) => _senders[lane % _senders.Length].SendAsync(first, count, size);

    public override async Task StartReceivingAsync() =>
        _receivers = await Task.WhenAll(Enumerable.Range(0, Settings.Receivers).Select(_ => BeanstalkReceiver.StartAsync(Settings.Port, Settings.Prefetch, Ledger)));

    public override async Task StopReceivingAsync()
    {
        foreach (var receiver in _receivers) await receiver.DisposeAsync();
        _receivers = [];
    }

    public override async Task<long> LeftAsync()
    {
        using var socket = await BeanstalkSocket.ConnectAsync(Settings.Port);
        await socket.WriteAsync("stats\r\n"u8.ToArray());
        while (true)
        {
            if (socket.TryRead(out var reply, out var body))
            {
                if (reply.Kind != BeanstalkReplyKind.Ok) BeanstalkSocket.Refuse(body);
                var text = Encoding.ASCII.GetString(body);
                return States.Sum(state => BeanstalkReply.Statistic(text, state));
            }

            await socket.ReceiveAsync();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await StopReceivingAsync();
        foreach (var sender in _senders) sender.Dispose();
    }
}
