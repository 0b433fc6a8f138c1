using StackExchange.Redis;

namespace OrleansJobs.Bench.Brokers.Streams;

/// <summary>Redis Streams with nothing around them: a group that reads, acknowledges and deletes. What is read is not blocked for, since a connection is shared.</summary>
internal sealed class StreamsBroker(BrokerSettings settings, Ledger ledger, TimeProvider time) : Broker(settings, ledger)
{
    private static readonly RedisKey Stream = "jobs";
    private static readonly RedisValue Group = "workers";
    private static readonly RedisValue Field = "m";

    // Short enough to be no part of what is measured, and long enough for a read to find a good number of messages.
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(1);

    private readonly List<ConnectionMultiplexer> _connections = [];
    private IDatabase[] _senders = [];
    private IDatabase[] _receivers = [];
    private CancellationTokenSource? _stop;
    private Task _receiving = Task.CompletedTask;

    public override async Task OpenAsync()
    {
        _senders = await ConnectAsync(Settings.Senders);
        _receivers = await ConnectAsync(Settings.Receivers);
        try
        {
            await _senders[0].StreamCreateConsumerGroupAsync(Stream, Group, StreamPosition.Beginning, createStream: true);
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("BUSYGROUP", StringComparison.Ordinal))
        {
            // Another agent was first.
        }
    }

    public override Task SendAsync(int lane, long first, int count, int size)
    {
        var database = _senders[lane % _senders.Length];
        if (count == 1) return AddAsync(first);
        var answers = new Task[count];
        for (var i = 0; i < count; i++) answers[i] = AddAsync(first + i);
        return Task.WhenAll(answers);

        Task AddAsync(long number)
        {
            var message = Message.Create(size);
            Message.Number(message, number);
            return database.StreamAddAsync(Stream, Field, message);
        }
    }

    public override Task StartReceivingAsync()
    {
        var stop = _stop = new();
        _receiving = Task.WhenAll(_receivers.Select((database, number) => Task.Run(() => ReceiveAsync(database, $"{Environment.ProcessId}-{number}", stop.Token))));
        return Task.CompletedTask;
    }

    public override async Task StopReceivingAsync()
    {
        _stop?.Cancel();
        await _receiving;
        _stop?.Dispose();
        _stop = null;
    }

    public override async Task<long> LeftAsync() =>
        await _senders[0].StreamLengthAsync(Stream) + (await _senders[0].StreamPendingAsync(Stream, Group)).PendingMessageCount;

    public override async ValueTask DisposeAsync()
    {
        await StopReceivingAsync();
        foreach (var connection in _connections) await connection.DisposeAsync();
    }

    /// <summary>The next read is on its way before the last acknowledgement is back.</summary>
    private async Task ReceiveAsync(IDatabase database, string consumer, CancellationToken stop)
    {
        var settling = Task.CompletedTask;
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var entries = await database.StreamReadGroupAsync(Stream, Group, consumer, StreamPosition.NewMessages, Settings.Prefetch);
                await settling;
                if (entries.Length == 0)
                {
                    await Task.Delay(Rest, time, CancellationToken.None);
                    continue;
                }

                var ids = new RedisValue[entries.Length];
                for (var i = 0; i < ids.Length; i++)
                {
                    ids[i] = entries[i].Id;
                    Ledger.Note(Message.NumberOf(((ReadOnlyMemory<byte>)entries[i].Values[0].Value).Span));
                }

                settling = SettleAsync(database.StreamAcknowledgeAsync(Stream, Group, ids), database.StreamDeleteAsync(Stream, ids), ids.Length);
            }

            await settling;
        }
        catch (Exception exception)
        {
            // Whatever it is, whoever waits for the messages has to hear of it.
            Ledger.Fail(exception);
        }
    }

    private async Task SettleAsync(Task<long> acknowledged, Task<long> deleted, int count)
    {
        if (await acknowledged != count || await deleted != count) throw new InvalidOperationException($"Of {count} messages Redis acknowledged {await acknowledged} and deleted {await deleted}.");
        Ledger.Settle(count);
    }

    private async Task<IDatabase[]> ConnectAsync(int count)
    {
        var databases = new IDatabase[count];
        for (var i = 0; i < count; i++)
        {
            var connection = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { { "127.0.0.1", Settings.Port } } });
            _connections.Add(connection);
            databases[i] = connection.GetDatabase();
        }

        return databases;
    }
}
