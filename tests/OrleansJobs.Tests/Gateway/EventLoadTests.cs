using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using OrleansJobs.Gateway.Live;
using Xunit.Abstractions;

namespace OrleansJobs.Tests.Gateway;

/// <summary>
/// Many readers of events at a time, in a process of their own. Some hundreds in the suite; ten thousand with
/// <c>EVENT_READERS=10000 dotnet test --filter FullyQualifiedName~EventLoadTests</c> (needs 10,200 open files for each process).
/// </summary>
public sealed class EventLoadTests(ITestOutputHelper output)
{
    private const int Jobs = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Opens its streams, says so, and when told to go on reads each until its job has ended.</summary>
    private const string Readers = """
        for ((i = 0; i < $2; i++)); do
          exec {fd}<>/dev/tcp/127.0.0.1/$1 || exit 1
          printf 'GET /jobs/job-%d/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' $((i % $3)) >&$fd
          fds+=($fd)
        done
        echo open
        read -r
        told=0
        for fd in "${fds[@]}"; do
          while IFS= read -r -t 60 line <&$fd; do
            if [[ $line == *'"result":42'* ]]; then ((told++)); break; fi
          done
        done
        echo $told
        """;

    [Fact]
    public async Task ManyReaders_AreAllToldTheEnd()
    {
        var readers = int.TryParse(Environment.GetEnvironmentVariable("EVENT_READERS"), NumberStyles.None, CultureInfo.InvariantCulture, out var wanted) ? wanted : 500;
        using var patience = new CancellationTokenSource(Patience);
        await using var host = await GatewayHost.StartAsync(new() { ["Gateway:MaxEventStreamsPerCaller"] = $"{readers}", ["Gateway:MaxConnectionsPerAddress"] = $"{readers + Jobs}" });
        var streams = host.App.Services.GetRequiredService<EventStreams>();
        for (var i = 0; i < Jobs; i++) host.Grid.Add(new() { Id = $"job-{i}", Type = "longtask", Queue = "default", Version = 1 });
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var opened = TimeProvider.System.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo(
            "bash", ["-c", Readers, "readers", $"{host.Http.BaseAddress!.Port}", $"{readers}", $"{Jobs}"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Assert.Equal("open", await process.StandardOutput.ReadLineAsync(patience.Token));
        await Eventually.AnswersAsync(() => Task.FromResult(streams.Open), open => open == readers);
        var opening = TimeProvider.System.GetElapsedTime(opened);
        // A stream is open before its job is being followed.
        await Eventually.AnswersAsync(() => Task.FromResult(host.Grid.Watches), watches => watches == Math.Min(readers, Jobs));
        var memory = GC.GetTotalMemory(forceFullCollection: true) - before;

        var told = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < Jobs; i++) host.Grid[$"job-{i}"].Succeed("42");
        await Eventually.AnswersAsync(() => Task.FromResult(streams.Open), open => open == 0);
        var telling = TimeProvider.System.GetElapsedTime(told);

        await process.StandardInput.WriteLineAsync("go on".AsMemory(), patience.Token);
        Assert.Equal($"{readers}", await process.StandardOutput.ReadLineAsync(patience.Token));
        await process.WaitForExitAsync(patience.Token);
        output.WriteLine($"{readers} readers of {Jobs} jobs: opened in {opening.TotalSeconds:0.0} s, {memory / Math.Max(1, readers) / 1024.0:0.0} KiB each, all told the end in {telling.TotalMilliseconds:0} ms.");
    }
}
