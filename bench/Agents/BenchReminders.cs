using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Runtime;

namespace OrleansJobs.Bench.Agents;

/// <summary>A grain that asks for Orleans' own reminders.</summary>
[Alias("bench.IBenchRemindedGrain")]
internal interface IBenchRemindedGrain : IGrainWithIntegerKey
{
    /// <summary>So many reminders that are due in a month.</summary>
    [Alias("remind")]
    Task Remind(int count);
}

internal sealed class BenchRemindedGrain : Grain, IBenchRemindedGrain, IRemindable
{
    private static readonly TimeSpan Month = TimeSpan.FromDays(30);

    public async Task Remind(int count)
    {
        for (var i = 0; i < count; i++) await this.RegisterOrUpdateReminder($"r-{i}", Month, Month);
    }

    public Task ReceiveReminder(string reminderName, TickStatus status) => Task.CompletedTask;
}

/// <summary>What the agent does as somebody who has reminders.</summary>
internal sealed class ReminderOps(IGrainFactory grains)
{
    /// <summary>Few grains with many each: what activations take is not asked.</summary>
    private const int PerGrain = 500;
    private const int InFlight = 32;

    public IEnumerable<KeyValuePair<string, Func<JsonElement, Task<JsonObject>>>> All => [new("reminders", PutAsync)];

    private async Task<JsonObject> PutAsync(JsonElement request)
    {
        var count = request.GetProperty("count").GetInt32();
        var began = Stopwatch.GetTimestamp();
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, InFlight).Select(_ => Task.Run(async () =>
        {
            for (int from; (from = Interlocked.Add(ref next, PerGrain) - PerGrain) < count;) await grains.GetGrain<IBenchRemindedGrain>(from).Remind(Math.Min(PerGrain, count - from));
        })));
        return new() { ["seconds"] = Stopwatch.GetElapsedTime(began).TotalSeconds };
    }
}
