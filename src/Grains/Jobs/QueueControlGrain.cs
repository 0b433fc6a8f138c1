using Microsoft.Extensions.Logging;
using OrleansJobs.Diagnostics;
using OrleansJobs.Histories;
using OrleansJobs.Membership;
using OrleansJobs.Workers;

namespace OrleansJobs.Jobs;

/// <summary>Knows which queues are paused, durably, and tells the workers. Key: 0.</summary>
[Alias("oj.IQueueControl")]
internal interface IQueueControlGrain : IGrainWithIntegerKey
{
    [Alias("paused")]
    Task<PausedList> GetPaused();

    [Alias("pause")]
    Task<QueueInfo> Pause(string queue, ChangeOrder order);

    [Alias("resume")]
    Task<QueueInfo> Resume(string queue);

    /// <summary>When which queue was paused or resumed in the last 30 days, oldest first.</summary>
    [Alias("events"), ResponseTimeout(AnswerTimeouts.Short)]
    Task<HistoryEvent[]> GetEvents();
}

/// <summary>All queues that are paused.</summary>
/// <param name="Version">Grows with every change: the time of it in Unix milliseconds, or one more than the last.</param>
[GenerateSerializer, Immutable, Alias("oj.pausedList")]
internal sealed record PausedList([property: Id(0)] QueueInfo[] Queues, [property: Id(1)] long Version)
{
    public string[] Names => Array.ConvertAll(Queues, queue => queue.Name);
}

[GenerateSerializer, Alias("oj.queueMemory")]
internal sealed class QueueMemory
{
    [Id(0)] public Dictionary<string, QueueInfo> Paused { get; set; } = [];
    [Id(1)] public long Version { get; set; }

    /// <summary>When which queue was paused or resumed: the newest, oldest first; null: none was.</summary>
    [Id(2)] public List<HistoryEvent>? Events { get; set; }
}

internal sealed partial class QueueControlGrain(
    [PersistentState("queues", JobGrain.StorageName)] IPersistentState<QueueMemory> memory,
    GridSilos silos, IWorkerDirectory workers, TimeProvider time, ILogger<QueueControlGrain> logger) : Grain, IQueueControlGrain
{
    /// <summary>Queues that are paused at a time. All of them are stored, and told to every silo, with each change.</summary>
    public const int MaxPaused = 10_000;

    /// <summary>Pauses and resumes that are kept. All of them are stored with each change.</summary>
    public const int MaxEvents = 200;

    /// <summary>It takes somebody who resumes a queue.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    private readonly ILogger _logger = logger;

    public Task<PausedList> GetPaused() => Task.FromResult(List());

    public async Task<QueueInfo> Pause(string queue, ChangeOrder order)
    {
        if (memory.State.Paused.Count >= MaxPaused && !memory.State.Paused.ContainsKey(queue))
            throw new GridOverloadedException($"At most {MaxPaused} queues are paused at a time: resume one first.", RetryAfter);
        var paused = new QueueInfo { Name = queue, Paused = true, Reason = order.Reason, Since = time.GetUtcNow(), By = order.By };
        if (!memory.State.Paused.ContainsKey(queue)) Keep(new(paused.Since.Value, HistoryEvents.QueuePaused, queue, order.By, order.Reason));
        memory.State.Paused[queue] = paused;
        await SaveAsync();
        return paused;
    }

    public async Task<QueueInfo> Resume(string queue)
    {
        // Told also where it is not known to be paused: a store that failed over may have lost what silos still go by.
        if (memory.State.Paused.Remove(queue)) Keep(new(time.GetUtcNow(), HistoryEvents.QueueResumed, queue));
        await SaveAsync();
        return new QueueInfo { Name = queue };
    }

    public Task<HistoryEvent[]> GetEvents() => Task.FromResult(memory.State.Events?.ToArray() ?? []);

    private void Keep(HistoryEvent happening) => Chronicle.Keep(memory.State.Events ??= [], happening, MaxEvents);

    /// <summary>Durable first, then told: a silo that starts in between reads it.</summary>
    private async Task SaveAsync()
    {
        try
        {
            // Above all that were told, also those that the store has lost since.
            memory.State.Version = Math.Max(memory.State.Version + 1, time.GetUtcNow().ToUnixTimeMilliseconds());
            CrashPoint.Hit("pause.before");
            await memory.WriteStateAsync();
            CrashPoint.Hit("pause.after");
        }
        catch
        {
            DeactivateOnIdle();
            throw;
        }

        var paused = List();
        await Task.WhenAll(silos.Current.ActiveOrJoining.Select(async silo =>
        {
            try
            {
                await workers.Of(silo).SetPaused(paused.Names, paused.Version);
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException)
            {
                LogNotTold(exception, silo);
            }
        }));
    }

    private PausedList List() => new([.. memory.State.Paused.Values], memory.State.Version);

    [LoggerMessage(LogLevel.Warning, "Silo {Silo} could not be told which queues are paused; it asks within a minute")]
    private partial void LogNotTold(Exception exception, SiloAddress silo);
}
