using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Http;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Questions;

/// <summary>How many can watch one job, and how fresh their news is.</summary>
internal sealed class Watch : Question
{
    public override string Name => "watch";

    public override string Description => "One job that reports every 300 ms, followed over Server-Sent Events by many readers: age of what they read, and events a second.";

    public override Stage StageFor(Settings settings) => settings.Stage with { Http = true, Layout = Layout.Embedded };

    public override async Task<Measured> MeasureAsync(Contender contender, Settings settings)
    {
        var readers = settings.Connections > 0 ? settings.Connections : settings.Smoke ? 20 : 2000;
        var ticks = settings.CountOr(60, 10);
        await WarmUpAsync(contender, settings);
        using var connection = new HttpConnection(contender.HttpPort);
        var answer = await connection.SendAsync(HttpConnection.Format("POST", "/jobs/ticks", $$"""{"n":1,"count":{{ticks}}}"""), keepBody: true);
        var id = JsonDocument.Parse(answer.Body!).RootElement.GetProperty("id").GetString()!;

        var ages = new LatencyRecorder();
        long events = 0;
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        var ended = await Task.WhenAll(Enumerable.Range(0, readers).Select(_ => Task.Run(ReadAsync)));
        var seconds = System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds;
        if (ended.Contains(false)) throw new InvalidOperationException($"{ended.Count(end => !end)} of {readers} streams ended before the job did.");
        return new Measured().Latency($"age of an event, {readers} readers", ages).High("events", "/s", events / seconds);

        async Task<bool> ReadAsync()
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, contender.HttpPort);
            await socket.SendAsync(Encoding.ASCII.GetBytes($"GET /jobs/{id}/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nConnection: close\r\n\r\n"));
            await using var stream = new NetworkStream(socket);
            using var lines = new StreamReader(stream, Encoding.UTF8);
            var first = true;
            while (await lines.ReadLineAsync() is { } line)
            {
                if (!line.StartsWith("data:", StringComparison.Ordinal)) continue;
                using var status = JsonDocument.Parse(line.AsMemory(5));
                // A ping that keeps the connection has no state.
                if (!status.RootElement.TryGetProperty("state", out var state)) continue;
                Interlocked.Increment(ref events);
                if (state.GetString() is not ("PENDING" or "PROGRESS")) return true;
                // The first is the state as it was found, however old.
                if (!first && double.TryParse(status.RootElement.GetProperty("status").GetString(), CultureInfo.InvariantCulture, out var at))
                    ages.AddMilliseconds((TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalMilliseconds - at);
                first = false;
            }

            return false;
        }
    }
}
