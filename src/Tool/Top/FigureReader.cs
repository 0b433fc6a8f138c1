using System.Globalization;
using System.Text.Json;
using OrleansJobs.Tool.Gateway;

namespace OrleansJobs.Tool.Top;

/// <summary>Asks a gateway for what <c>top</c> shows: what it has, and the rates of the last minute or two.</summary>
internal sealed class FigureReader(GatewayClient gateway, TimeProvider time)
{
    private (DateTimeOffset At, long Stamp)? _clock;

    public async Task<(Figures Figures, JsonElement Json)> ReadAsync(CancellationToken cancellation)
    {
        var stats = await gateway.GetAsync("stats", cancellation);
        var queues = await gateway.GetAsync("queues", cancellation);
        var history = await HistoryAsync(cancellation);
        var json = JsonSerializer.SerializeToElement(new { stats, queues, history });
        return (Figures.Of(stats, queues, history, history.Instant("at") ?? time.GetUtcNow()), json);
    }

    /// <summary>The minute that goes on and the one before, by the gateway's clock: this machine's may be another, and what is to come is refused.</summary>
    private async Task<JsonElement> HistoryAsync(CancellationToken cancellation)
    {
        if (_clock is null) Note(await gateway.GetAsync("stats/history?step=minute", cancellation));
        var now = _clock is { } clock ? clock.At + time.GetElapsedTime(clock.Stamp) : time.GetUtcNow();
        var from = now.AddMinutes(-1).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:'00Z'", CultureInfo.InvariantCulture);
        var history = await gateway.GetAsync($"stats/history?step=minute&from={Uri.EscapeDataString(from)}", cancellation);
        Note(history);
        return history;
    }

    private void Note(JsonElement history)
    {
        if (history.Instant("at") is { } at) _clock = (at, time.GetTimestamp());
    }
}
