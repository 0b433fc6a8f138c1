using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobs.Bench.Brokers;

/// <summary>What the agent of a broker does: see bench/peers/README.md.</summary>
internal sealed class BrokerOps(Broker broker, Ledger ledger, TimeProvider time)
{
    private bool _receives;

    public IReadOnlyDictionary<string, Func<JsonElement, Task<JsonObject>>> All => new Dictionary<string, Func<JsonElement, Task<JsonObject>>>
    {
        ["submit"] = SubmitAsync,
        ["pause"] = _ => ReceiveAsync(false),
        ["resume"] = _ => ReceiveAsync(true),
        ["settled"] = SettledAsync,
        ["ledger"] = _ => Task.FromResult(new JsonObject { ["handled"] = ledger.Handled, ["twice"] = ledger.Twice, ["sum"] = ledger.Sum }),
        ["left"] = async _ => new() { ["left"] = await broker.LeftAsync() },
    };

    private async Task<JsonObject> SubmitAsync(JsonElement request)
    {
        var (first, count, inFlight, batch) = (request.GetProperty("first").GetInt64(), Number("count"), Number("inflight"), Number("batch"));
        var size = Math.Max(Message.UsualSize, Number("payload"));
        var next = 0;
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(lane => Task.Run(async () =>
        {
            for (int from; (from = Interlocked.Add(ref next, batch) - batch) < count;) await broker.SendAsync(lane, first + from, Math.Min(batch, count - from), size);
        })));
        return new() { ["seconds"] = Stopwatch.GetElapsedTime(began).TotalSeconds };

        int Number(string name) => request.GetProperty(name).GetInt32();
    }

    private async Task<JsonObject> ReceiveAsync(bool receives)
    {
        if (receives != _receives) await (receives ? broker.StartReceivingAsync() : broker.StopReceivingAsync());
        _receives = receives;
        return [];
    }

    /// <summary>Answers when so many are settled, or with how many are after a while.</summary>
    private async Task<JsonObject> SettledAsync(JsonElement request)
    {
        var (count, wait) = (request.GetProperty("count").GetInt64(), TimeSpan.FromMilliseconds(request.GetProperty("waitMs").GetInt32()));
        try
        {
            await ledger.WhenSettledAsync(count).WaitAsync(wait, time);
            await broker.CatchUpAsync();
        }
        catch (TimeoutException)
        {
            // Not so many yet: the answer says how many.
        }

        return new() { ["settled"] = ledger.Settled };
    }
}
