using OrleansJobs.Bench.Contenders;
using OrleansJobs.Bench.Processes;

namespace OrleansJobs.Bench.Measuring;

/// <summary>What a stretch of work took, in processor time and where there is a Redis in its commands: the budget of one job.</summary>
internal sealed class Cost
{
    private readonly Contender _contender;
    private readonly Snapshot _before;

    private Cost(Contender contender, Snapshot before)
    {
        _contender = contender;
        _before = before;
    }

    public static async Task<Cost> StartAsync(Contender contender) => new(contender, await TakeAsync(contender));

    /// <summary>Adds what one job took since the start.</summary>
    public async Task AddToAsync(Measured measured, string what, double jobs)
    {
        var after = await TakeAsync(_contender);
        measured
            .Low($"{what}: worker cpu", "us/job", (after.Workers - _before.Workers) * 1e6 / jobs)
            .Low($"{what}: store cpu", "us/job", (after.Store - _before.Store) * 1e6 / jobs);
        if (after.Redis is { } redis && _before.Redis is { } redisBefore)
        {
            measured
                .Low($"{what}: redis commands", "/job", Calls(redis, redisBefore) / jobs)
                .Low($"{what}: redis scripts", "/job", (redis.Scripts - redisBefore.Scripts) / jobs)
                .Low($"{what}: redis in and out", "bytes/job", (redis.BytesIn + redis.BytesOut - redisBefore.BytesIn - redisBefore.BytesOut) / jobs);
        }

        if (after.Producer is { } producer) measured.Low($"{what}: submitter cpu", "us/job", (producer - _before.Producer!.Value) * 1e6 / jobs);
        if (after.Allocated is { } allocated) measured.Low($"{what}: allocated", "bytes/job", (allocated - _before.Allocated!.Value) / jobs);
    }

    private static double Calls(RedisFacts after, RedisFacts before) =>
        after.Calls.Where(call => call.Key is not ("info" or "ping")).Sum(call => call.Value - before.Calls.GetValueOrDefault(call.Key));

    private static async Task<Snapshot> TakeAsync(Contender contender)
    {
        var workers = contender.WorkerProcesses.Sum(ProcessFacts.CpuSeconds);
        double? producer = contender.WorkerProcesses.Contains(contender.Producer.ProcessId) ? null : ProcessFacts.CpuSeconds(contender.Producer.ProcessId);
        return new(workers, producer, await contender.AllocatedAsync(), await contender.StoreCpuSecondsAsync(), contender.HasRedis ? await contender.Redis.FactsAsync() : null);
    }

    private sealed record Snapshot(double Workers, double? Producer, double? Allocated, double Store, RedisFacts? Redis);
}
