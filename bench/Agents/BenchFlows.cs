using System.Collections.Concurrent;
using OrleansJobs.Hosting;

namespace OrleansJobs.Bench.Agents;

/// <param name="N">Its steps, or children.</param>
internal sealed record FlowArgs(int N);

/// <summary>Flows, and what they note for the agent they run in.</summary>
internal sealed class BenchFlows(TimeProvider time)
{
    private long _parked;

    /// <summary>Flows that have come to their wait.</summary>
    public long Parked => Interlocked.Read(ref _parked);

    /// <summary>When flows went on behind their signal, in Unix milliseconds.</summary>
    public ConcurrentQueue<double> Resumed { get; } = [];

    public void Register(JobGridBuilder grid) => grid
        .AddJob<BenchArgs, int>("link", (args, _, _) => Task.FromResult(args.N + 1))
        .AddFlow<FlowArgs, int>("chain", async (args, flow, _) =>
        {
            var n = 0;
            for (var i = 0; i < args.N; i++) n = await flow.JobAsync<int>("link", "link", new BenchArgs(n));
            return n;
        })
        .AddFlow<FlowArgs, long>("fan", async (args, flow, _) =>
        {
            var sum = 0L;
            await foreach (var n in await flow.AllAsync("links", Enumerable.Range(0, args.N), n => flow.Job<int>("link", new BenchArgs(n)))) sum += n;
            return sum;
        })
        .AddFlow<FlowArgs, int>("steps", async (args, flow, _) =>
        {
            var n = 0;
            for (var i = 0; i < args.N; i++)
            {
                var before = n;
                n = await flow.StepAsync("step", () => Task.FromResult(before + 1));
            }

            return n;
        })
        .AddFlow<FlowArgs, int>("parked", async (_, flow, _) =>
        {
            Interlocked.Increment(ref _parked);
            var n = await flow.SignalAsync<int>("go");
            Resumed.Enqueue((time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalMilliseconds);
            return n;
        });
}
