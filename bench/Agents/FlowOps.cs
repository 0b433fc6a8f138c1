using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using OrleansJobs.Flows;

namespace OrleansJobs.Bench.Agents;

/// <summary>What the agent does as somebody who starts flows and sends them signals.</summary>
internal sealed class FlowOps(IJobClient jobs, IGrainFactory grains, TimeProvider time)
{
    private const int BatchSize = 100;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);

    /// <summary>Whether all have ended is asked of all partitions, which costs the silo something each time.</summary>
    private static readonly TimeSpan PollOfAll = TimeSpan.FromMilliseconds(25);

    public IEnumerable<KeyValuePair<string, Func<JsonElement, Task<JsonObject>>>> All =>
    [
        new("flows", RunAsync),
        new("flowsOne", RunOneAsync),
        new("park", ParkAsync),
        new("signals", SignalAsync),
    ];

    /// <summary>So many flows, submitted as fast as they are taken, until all have ended.</summary>
    private async Task<JsonObject> RunAsync(JsonElement request)
    {
        var (shape, size, count, inflight) = (request.GetProperty("shape").GetString()!, Number(request, "size"), Number(request, "count"), Number(request, "inflight"));
        var grid = grains.GetGrain<IJobGridGrain>(0);
        var began = Stopwatch.GetTimestamp();
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, inflight).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) <= count) await SubmitAsync(shape, size);
        })));
        while ((await grid.GetStats()).Counts.Any(counted => !counted.State.IsTerminal && counted.Type != "parked" && counted.Jobs > 0)) await Task.Delay(PollOfAll, time);
        return new() { ["seconds"] = Stopwatch.GetElapsedTime(began).TotalSeconds };
    }

    /// <summary>One flow after the other, from before the submit until its result is known here.</summary>
    private async Task<JsonObject> RunOneAsync(JsonElement request)
    {
        var (shape, size, pause) = (request.GetProperty("shape").GetString()!, Number(request, "size"), TimeSpan.FromMilliseconds(Number(request, "pauseMs")));
        var milliseconds = new JsonArray();
        for (var i = 0; i < Number(request, "count"); i++)
        {
            var began = Stopwatch.GetTimestamp();
            var status = await (await SubmitAsync(shape, size)).WaitAsync();
            milliseconds.Add((JsonNode)Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            if (status.State != JobState.Success) throw new InvalidOperationException($"A flow ended as {status.State}: {status.Error}");
            await Task.Delay(pause, time);
        }

        return new() { ["ms"] = milliseconds };
    }

    private async Task<JobHandle> SubmitAsync(string shape, int size)
    {
        switch (shape)
        {
            case "graph":
                return await jobs.SubmitFlowAsync<int>(Flow.Chain([Flow.Job("link", new BenchArgs(0)), .. Enumerable.Range(1, size - 1).Select(_ => Flow.Job("link", new { n = Flow.Previous }))]).ToGraph());
            case "after":
                var ids = Enumerable.Range(0, size).Select(_ => JobIds.New()).ToArray();
                var receipts = await jobs.SubmitManyAsync([.. ids.Select((id, place) => new JobSubmission
                {
                    Id = id, Type = "link", Args = JsonSerializer.SerializeToUtf8Bytes(new BenchArgs(place), JsonSerializerOptions.Web),
                    After = place == 0 ? [] : [new(ids[place - 1], DependencyOn.Success)],
                })]);
                if (receipts.FirstOrDefault(receipt => receipt.Outcome is not (SubmitOutcome.Accepted or SubmitOutcome.Replayed)) is { } refused)
                    throw new InvalidOperationException($"A submit was answered with {refused.Outcome}: {refused.Reason}");
                return jobs.Get(ids[^1]);
            default:
                return await jobs.SubmitAsync(shape, new FlowArgs(size));
        }
    }

    private async Task<JsonObject> ParkAsync(JsonElement request)
    {
        var (count, next) = (Number(request, "count"), 0);
        await Task.WhenAll(Enumerable.Range(0, Number(request, "inflight")).Select(_ => Task.Run(async () =>
        {
            for (int from; (from = Interlocked.Add(ref next, BatchSize) - BatchSize) < count;)
                await jobs.SubmitManyAsync("parked", Enumerable.Range(from, Math.Min(BatchSize, count - from)).Select(n => new FlowArgs(n)));
        })));
        return [];
    }

    /// <summary>Sends one signal after the other, each to a flow that has parked.</summary>
    private async Task<JsonObject> SignalAsync(JsonElement request)
    {
        var (count, pause) = (Number(request, "count"), TimeSpan.FromMilliseconds(Number(request, "pauseMs")));
        var (sent, acknowledged) = (new JsonArray(), new JsonArray());
        var flows = new List<JobHandle>();
        for (var i = 0; i < count; i++) flows.Add(await jobs.SubmitAsync("parked", new FlowArgs(i)));
        foreach (var flow in flows)
        {
            while (!(await flow.GetStatusAsync()).WaitingFor.Any(reason => reason.What == WaitReasons.Signal)) await Task.Delay(Poll, time);
        }

        foreach (var flow in flows)
        {
            var began = Stopwatch.GetTimestamp();
            sent.Add((JsonNode)(time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalMilliseconds);
            await flow.SignalAsync("go", 1);
            acknowledged.Add((JsonNode)Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            // One at a time: the flow has taken it before the next is sent.
            await flow.WaitAsync();
            await Task.Delay(pause, time);
        }

        return new() { ["sent"] = sent, ["acknowledged"] = acknowledged };
    }

    private static int Number(JsonElement request, string name) => request.GetProperty(name).GetInt32();
}
