using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobs.Bench.Agents;

/// <summary>What the agent does as somebody who has bound jobs to events, and as somebody who publishes them.</summary>
internal sealed class TopicOps(IJobClient jobs)
{
    private const int BindingsInFlight = 256;

    public IEnumerable<KeyValuePair<string, Func<JsonElement, Task<JsonObject>>>> All =>
    [
        new("bind", BindAsync),
        new("publish", PublishAsync),
    ];

    /// <summary>Bindings of as many customers, all alike but in one word; so many of them to each customer's events.</summary>
    private async Task<JsonObject> BindAsync(JsonElement request)
    {
        var (from, to, each) = (request.GetProperty("from").GetInt32(), request.GetProperty("to").GetInt32(), request.GetProperty("each").GetInt32());
        return await EachAsync(from, to, BindingsInFlight, null, i => jobs.Topics.PutAsync(new TopicBinding
        {
            Id = $"b-{i.ToString(CultureInfo.InvariantCulture)}", Pattern = $"orders.{(i / each).ToString(CultureInfo.InvariantCulture)}.*.created", Type = "noop", Queue = "default",
        }));
    }

    private async Task<JsonObject> PublishAsync(JsonElement request)
    {
        var (count, inFlight, customers) = (request.GetProperty("count").GetInt32(), request.GetProperty("inFlight").GetInt32(), request.GetProperty("customers").GetInt32());
        var milliseconds = new double[count];
        return await EachAsync(0, count, inFlight, milliseconds, i => jobs.Topics.PublishAsync($"orders.{((i * 7919L) % customers).ToString(CultureInfo.InvariantCulture)}.eu.created", new BenchArgs(i)));
    }

    private static async Task<JsonObject> EachAsync(int from, int to, int inFlight, double[]? milliseconds, Func<int, Task> act)
    {
        var began = Stopwatch.GetTimestamp();
        var next = from - 1;
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < to;)
            {
                var started = Stopwatch.GetTimestamp();
                await act(i);
                if (milliseconds is not null) milliseconds[i - from] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            }
        })));
        var answer = new JsonObject { ["seconds"] = Stopwatch.GetElapsedTime(began).TotalSeconds };
        if (milliseconds is not null) answer["milliseconds"] = new JsonArray([.. milliseconds.Select(value => JsonValue.Create(value))]);
        return answer;
    }
}
