using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Gateway.Submitting;
using Xunit.Abstractions;

namespace OrleansJobs.Tests.Gateway;

/// <summary>
/// Requests that are drawn at random, from nearly right to rubbish. A few thousand in the suite; more, or those of a failure again, with
/// <c>FUZZ_REQUESTS=100000 FUZZ_SEED=1 dotnet test --filter FullyQualifiedName~FuzzTests</c>.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Workers = 64;
    private const long MaxGrowth = 64 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Long enough for an answer; a request that is cut short has none, and is then told that there is no more.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task DrawnRequests_BringNo500_NoGrowthAndNoCrash()
    {
        var (requests, seed) = (Setting("FUZZ_REQUESTS", 3000), Setting("FUZZ_SEED", 20260));
        await using var host = await GatewayHost.StartAsync();
        host.Grid.Add(new() { Id = "known", Type = "longtask", Queue = "default", Version = 1, State = JobState.Success });
        // Accepted and forgotten, so that memory shows what the gateway keeps.
        host.Grid.Refuse = job => new() { Id = job.Id, Outcome = SubmitOutcome.Accepted, Status = new() { Id = job.Id, Type = job.Type, Queue = job.Queue } };

        var statuses = new int[600];
        await RunAsync(host, seed, Math.Min(1000, requests), statuses);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var started = TimeProvider.System.GetTimestamp();
        await RunAsync(host, seed + 1, requests, statuses);
        var took = TimeProvider.System.GetElapsedTime(started);
        var growth = GC.GetTotalMemory(forceFullCollection: true) - before;

        output.WriteLine($"{requests} requests, seed {seed}, {took.TotalSeconds:0.0} s, memory {growth / 1024:+#;-#;0} KiB; "
            + string.Join(", ", statuses.Select((count, status) => (count, status)).Where(pair => pair.count > 0).Select(pair => $"{pair.status}: {pair.count}")));
        Assert.InRange(growth, long.MinValue, MaxGrowth);
        Assert.True(statuses[202] > 0 && statuses[200] > 0 && statuses[400] > 0 && statuses[422] > 0, "The requests are too much alike.");
        Assert.Equal(System.Net.HttpStatusCode.OK, (await host.Http.GetAsync("/health/ready")).StatusCode);
        var bodies = host.App.Services.GetRequiredService<BodyReader>();
        await Eventually.IsTrueAsync(() => bodies.InFlight == 0);
    }

    private static Task RunAsync(GatewayHost host, int seed, int requests, int[] statuses)
    {
        var next = -1;
        return Task.WhenAll(Enumerable.Range(0, Workers).Select(async _ =>
        {
            for (var i = Interlocked.Increment(ref next); i < requests; i = Interlocked.Increment(ref next))
            {
                // Each has a seed of its own, so that one can be sent again without those before it.
                var request = new DrawnRequest(new Random(HashCode.Combine(seed, i) & int.MaxValue)).Draw();
                var status = await SendAsync(host.Http.BaseAddress!, request);
                Interlocked.Increment(ref statuses[status]);
                // 505 is the server's word on the version of HTTP, before there is a request.
                Assert.True(status is < 500 or 505, $"Request {i} of seed {seed} was answered {status}:\n{Encoding.Latin1.GetString(request)}");
            }
        }));
    }

    /// <summary>The status, from the first line of the answer; 0 where the server only closed the connection.</summary>
    private static async Task<int> SendAsync(Uri server, byte[] request)
    {
        using var patience = new CancellationTokenSource(Patience);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, LingerState = new LingerOption(true, 0) };
        await socket.ConnectAsync(server.Host, server.Port, patience.Token);
        var answer = new byte[256];
        var received = 0;
        try
        {
            await socket.SendAsync(request, patience.Token);
            while (received < 12)
            {
                var receiving = socket.ReceiveAsync(answer.AsMemory(received), patience.Token).AsTask();
                if (await Task.WhenAny(receiving, Task.Delay(AnswerTime, TimeProvider.System)) != receiving) socket.Shutdown(SocketShutdown.Send);
                var read = await receiving;
                if (read == 0) break;
                received += read;
            }
        }
        catch (SocketException)
        {
            // Closed in the middle, as is its right.
        }

        return received < 12 ? 0 : int.Parse(answer.AsSpan(9, 3), NumberStyles.None, CultureInfo.InvariantCulture);
    }

    private static int Setting(string name, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : otherwise;
}
