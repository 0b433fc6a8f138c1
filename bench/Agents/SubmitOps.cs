using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobs.Bench.Agents;

/// <summary>What the agent does as a submitter: it knows the job client, and nothing of silos.</summary>
internal sealed class SubmitOps(IJobClient jobs, IGrainFactory grains, TimeProvider time)
{
    private static readonly string[] NeverEnd = ["hold"];
    private static readonly TimeSpan BriefRetention = TimeSpan.FromSeconds(10);

    public IEnumerable<KeyValuePair<string, Func<JsonElement, Task<JsonObject>>>> All =>
    [
        new("pause", async request => { await Grid.Pause(QueueOf(request) ?? JobLimits.DefaultQueue, new("bench")); return []; }),
        new("resume", async _ => { await Grid.Resume(JobLimits.DefaultQueue); return []; }),
        new("submit", SubmitAsync),
        new("finished", FinishedAsync),
        new("count", CountAsync),
        new("list", ListAsync),
        new("idle", IdleAsync),
        new("progress", ProgressAsync),
        new("statuses", StatusesAsync),
        new("rule", RuleAsync),
    ];

    private IJobGridGrain Grid => grains.GetGrain<IJobGridGrain>(0);

    private async Task<JsonObject> SubmitAsync(JsonElement request)
    {
        var (type, count, inflight, batch) = (request.GetProperty("type").GetString()!, Number("count"), Number("inflight"), Number("batch"));
        var (payload, delay, spread, at) = (Number("payload"), Number("delayMs"), Number("spreadMs"), request.GetProperty("atMs").GetInt64());
        var (queues, queue) = (Number("queues"), QueueOf(request));
        var (keys, key, ms) = (Number("keys"), request.TryGetProperty("key", out var named) ? named.GetString() : null, Number("ms"));
        var keepUntil = request.TryGetProperty("keepUntilMs", out var until) ? until.GetInt64() : 0;
        var text = payload > 0 ? new string('x', payload) : null;
        var began = Stopwatch.GetTimestamp();
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, inflight).Select(_ => Task.Run(batch > 1 ? SubmitBatchesAsync : SubmitSinglesAsync)));
        return new() { ["seconds"] = Stopwatch.GetElapsedTime(began).TotalSeconds };

        int Number(string name) => request.GetProperty(name).GetInt32();

        async Task SubmitSinglesAsync()
        {
            for (int index; (index = Interlocked.Increment(ref next) - 1) < count;)
            {
                var options = at > 0 ? new SubmitOptions { Eta = DateTimeOffset.FromUnixTimeMilliseconds(at) }
                    : delay > 0 ? new SubmitOptions { Countdown = Delay(index) }
                    : type == "brief" ? new SubmitOptions { Retention = BriefRetention }
                    : null;
                await jobs.SubmitAsync(type, new BenchArgs(index, text), options);
            }
        }

        async Task SubmitBatchesAsync()
        {
            for (int from; (from = Interlocked.Add(ref next, batch) - batch) < count;)
            {
                var options = new SubmitOptions
                {
                    Queue = queue,
                    Key = key,
                    Countdown = delay > 0 ? TimeSpan.FromMilliseconds(delay) : null,
                    Retention = keepUntil > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(keepUntil) - time.GetUtcNow() : null,
                };
                var arguments = Enumerable.Range(from, Math.Min(batch, count - from)).Select(index => new BenchArgs(keys > 0 ? index % keys : index, key ?? text, ms));
                var receipts = queues == 0
                    ? await jobs.SubmitManyAsync(type, arguments, options)
                    : await jobs.SubmitManyAsync([.. arguments.Select((args, place) => new JobSubmission
                    {
                        Id = JobIds.New(), Type = type, Args = JsonSerializer.SerializeToUtf8Bytes(args, JsonSerializerOptions.Web), Queue = $"q{(from + place) % queues}",
                    })]);
                // Replayed: its answer was lost, on a machine that has too much to do, and the library sent it again.
                if (receipts.FirstOrDefault(receipt => receipt.Outcome is not (SubmitOutcome.Accepted or SubmitOutcome.Replayed)) is { } refused)
                    throw new InvalidOperationException($"A submit was answered with {refused.Outcome}: {refused.Reason}");
            }
        }

        TimeSpan Delay(int index) => spread == 0
            ? TimeSpan.FromMilliseconds(delay)
            : TimeSpan.FromMilliseconds(delay + (double)index * spread / count) - Stopwatch.GetElapsedTime(began);
    }

    /// <summary>Looked at more seldom while much is left, so that the looking costs nothing that could be measured.</summary>
    private async Task<JsonObject> FinishedAsync(JsonElement request)
    {
        var but = request.GetProperty("but").GetInt64();
        while (true)
        {
            var stats = await Grid.GetStats();
            var open = stats.Counts.Where(count => !count.State.IsTerminal && !NeverEnd.Contains(count.Type)).Sum(count => count.Jobs) - but;
            if (open <= 0) return [];
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Clamp(open / 200, 2, 500)), time);
        }
    }

    /// <summary>What is said of keys from now on.</summary>
    private async Task<JsonObject> RuleAsync(JsonElement request)
    {
        var concurrency = request.GetProperty("concurrency").GetInt32();
        var weight = request.GetProperty("weight").GetInt32();
        await jobs.Keys.PutAsync(request.GetProperty("name").GetString()!, new KeyRule { Concurrency = concurrency > 0 ? concurrency : null, Weight = weight > 0 ? weight : null });
        return [];
    }

    /// <summary>What the counters say.</summary>
    private async Task<JsonObject> CountAsync(JsonElement request)
    {
        var counts = (await Grid.GetStats()).Counts;
        return new() { ["finished"] = counts.Where(count => count.State.IsTerminal).Sum(count => count.Jobs), ["open"] = counts.Where(count => !count.State.IsTerminal).Sum(count => count.Jobs) };
    }

    /// <summary>The newest page, and the one behind it, of all jobs or of a queue's.</summary>
    private async Task<JsonObject> ListAsync(JsonElement request)
    {
        var query = new JobQuery { Queue = QueueOf(request) };
        var milliseconds = new JsonArray();
        for (var i = 0; i < request.GetProperty("count").GetInt32(); i++)
        {
            var began = Stopwatch.GetTimestamp();
            var page = await jobs.ListAsync(query);
            if (page.Cursor is { } cursor) await jobs.ListAsync(query with { Cursor = cursor });
            milliseconds.Add((JsonNode)Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return new() { ["ms"] = milliseconds };
    }

    private static string? QueueOf(JsonElement request) => request.TryGetProperty("queue", out var queue) ? queue.GetString() : null;

    private async Task<JsonObject> IdleAsync(JsonElement request)
    {
        var (count, pause) = (request.GetProperty("count").GetInt32(), TimeSpan.FromMilliseconds(request.GetProperty("pauseMs").GetInt32()));
        var type = request.TryGetProperty("type", out var said) ? said.GetString()! : "noop";
        var milliseconds = new JsonArray();
        for (var i = 0; i < count; i++)
        {
            var began = Stopwatch.GetTimestamp();
            var job = await jobs.SubmitAsync(type, new BenchArgs(i));
            await job.WaitAsync();
            milliseconds.Add((JsonNode)Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            await Task.Delay(pause, time);
        }

        return new() { ["ms"] = milliseconds };
    }

    private async Task<JsonObject> ProgressAsync(JsonElement request)
    {
        var job = await jobs.SubmitAsync("progress", new BenchArgs(0, Count: request.GetProperty("count").GetInt64()));
        var seen = 0;
        await foreach (var status in job.WatchAsync())
            if (status.State == JobState.Progress) seen++;
        var found = (await job.ResultAsync<ProgressFound>())!;
        return new() { ["seconds"] = found.Seconds, ["allocated"] = found.Allocated, ["seen"] = seen };
    }

    private async Task<JsonObject> StatusesAsync(JsonElement request)
    {
        var (count, inflight, rounds) = (request.GetProperty("count").GetInt32(), request.GetProperty("inflight").GetInt32(), request.GetProperty("rounds").GetInt32());
        var ids = new string[count];
        await ForAllAsync(count, async index => ids[index] = (await jobs.SubmitAsync("noop", new BenchArgs(index))).Id);
        await ForAllAsync(count, async index => await jobs.Get(ids[index]).WaitAsync());
        var first = await ForAllAsync(count, index => jobs.Get(ids[index]).GetStatusAsync());
        var again = await ForAllAsync(count * rounds, index => jobs.Get(ids[index % count]).GetStatusAsync());
        return new() { ["first"] = count / first, ["again"] = count * rounds / again };

        async Task<double> ForAllAsync(int total, Func<int, Task> work)
        {
            var next = 0;
            var began = Stopwatch.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, inflight).Select(_ => Task.Run(async () =>
            {
                for (int index; (index = Interlocked.Increment(ref next) - 1) < total;) await work(index);
            })));
            return Stopwatch.GetElapsedTime(began).TotalSeconds;
        }
    }
}
