using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OrleansJobs.Bench.Agents;

/// <summary>What the agent does as somebody who has schedules: all of one period, whose jobs note how late they start.</summary>
internal sealed class ScheduleOps(IJobClient jobs)
{
    private const int InFlight = 64;

    /// <summary>Finished occurrences would be most of what is in the store.</summary>
    private static readonly TimeSpan Retention = TimeSpan.FromSeconds(10);

    public IEnumerable<KeyValuePair<string, Func<JsonElement, Task<JsonObject>>>> All =>
    [
        new("schedules", PutAsync),
        new("unschedule", DeleteAsync),
    ];

    /// <summary>Makes so many, whose first instants lie behind a start: all at it, or spread over a time behind it.</summary>
    private Task<JsonObject> PutAsync(JsonElement request)
    {
        var (count, every, start, spread) = (request.GetProperty("count").GetInt32(), request.GetProperty("everyMs").GetInt64(), request.GetProperty("startMs").GetInt64(), request.GetProperty("spreadMs").GetInt64());
        return EachAsync(count, i => jobs.Schedules.PutAsync(Id(i), new ScheduleSpec
        {
            Type = "tick", Args = [.. """{"at":{"$at":"scheduled"}}"""u8], Every = every, Start = start > 0 ? start : null,
            // Without a start they are spread over the period, as those are that begin when they are made.
            Anchor = start > 0 ? start + i * spread / count : i * every / count,
            Retention = (long)Retention.TotalMilliseconds,
        }));
    }

    private Task<JsonObject> DeleteAsync(JsonElement request) => EachAsync(request.GetProperty("count").GetInt32(), i => jobs.Schedules.DeleteAsync(Id(i)));

    private static async Task<JsonObject> EachAsync(int count, Func<long, Task> act)
    {
        var began = Stopwatch.GetTimestamp();
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(_ => Task.Run(async () =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < count;) await act(i);
        })));
        return new() { ["seconds"] = Stopwatch.GetElapsedTime(began).TotalSeconds };
    }

    private static string Id(long i) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"s-{i}");
}
