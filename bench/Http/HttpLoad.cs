using System.Diagnostics;
using OrleansJobs.Bench.Measuring;

namespace OrleansJobs.Bench.Http;

/// <summary>Requests over a fixed number of connections: closed loop, or open loop at a rate, where waiting for a free connection counts as latency.</summary>
internal static class HttpLoad
{
    /// <param name="requests">Sent in turn by all connections.</param>
    /// <param name="rate">Requests a second; 0: as fast as they are answered.</param>
    public static async Task<HttpLoadResult> RunAsync(int port, int connections, TimeSpan duration, IReadOnlyList<byte[]> requests, int expectedStatus, double rate = 0)
    {
        var latencies = new LatencyRecorder();
        long next = -1;
        long unexpected = 0;
        var lastUnexpected = 0;
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(RunConnectionAsync)));
        return new(latencies.Count / Stopwatch.GetElapsedTime(began).TotalSeconds, latencies, unexpected, lastUnexpected);

        async Task RunConnectionAsync()
        {
            using var connection = new HttpConnection(port);
            while (true)
            {
                var number = Interlocked.Increment(ref next);
                var sent = Stopwatch.GetTimestamp();
                if (rate > 0)
                {
                    var due = began + (long)(number / rate * Stopwatch.Frequency);
                    if (Stopwatch.GetElapsedTime(sent, due) is { Ticks: > 0 } early) await Task.Delay(early, TimeProvider.System);
                    sent = due;
                }

                if (Stopwatch.GetElapsedTime(began) >= duration) return;
                var answer = await connection.SendAsync(requests[(int)(number % requests.Count)]);
                latencies.Add(Stopwatch.GetElapsedTime(sent));
                if (answer.Status == expectedStatus) continue;
                Interlocked.Increment(ref unexpected);
                lastUnexpected = answer.Status;
            }
        }
    }
}

/// <param name="Unexpected">Answers with another status than the expected one; they count as answers, and make the figure worthless.</param>
internal sealed record HttpLoadResult(double PerSecond, LatencyRecorder Latencies, long Unexpected, int LastUnexpected)
{
    public HttpLoadResult Checked() =>
        Unexpected == 0 ? this : throw new InvalidOperationException($"{Unexpected} of {Latencies.Count} answers had an unexpected status, the last of them {LastUnexpected}.");
}
