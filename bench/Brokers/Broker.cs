namespace OrleansJobs.Bench.Brokers;

/// <summary>How an agent reaches its broker. The values are chosen in bench/Contenders.</summary>
/// <param name="Port">Of the server, on loopback.</param>
/// <param name="Senders">Connections, or channels, that send.</param>
/// <param name="Receivers">Connections, or channels, that receive.</param>
/// <param name="Prefetch">Messages that a receiver holds at most before the broker knows that they are done.</param>
internal sealed record BrokerSettings(int Port, int Senders, int Receivers, int Prefetch);

/// <summary>A client of one broker, that sends messages and handles them: both as fast as it can.</summary>
internal abstract class Broker(BrokerSettings settings, Ledger ledger) : IAsyncDisposable
{
    protected BrokerSettings Settings { get; } = settings;

    /// <summary>Whatever is handled is noted in it, and settled when the broker has been told.</summary>
    protected Ledger Ledger { get; } = ledger;

    /// <summary>Connects, and makes the queue if there is none.</summary>
    public abstract Task OpenAsync();

    /// <summary>Sends messages together, and waits until the broker has acknowledged each of them.</summary>
    /// <param name="lane">Whose they are: there is one call of each lane at a time.</param>
    public abstract Task SendAsync(int lane, long first, int count, int size);

    /// <summary>From now on messages are handled.</summary>
    public abstract Task StartReceivingAsync();

    /// <summary>None is any more. What has been received and not settled comes again.</summary>
    public abstract Task StopReceivingAsync();

    /// <summary>Waits until the broker has worked off what it was told, where telling it does not wait for an answer.</summary>
    public virtual Task CatchUpAsync() => Task.CompletedTask;

    /// <summary>Messages that the broker still has, once nobody receives any more.</summary>
    public abstract Task<long> LeftAsync();

    public abstract ValueTask DisposeAsync();
}
