using System.Collections.Frozen;
using OrleansJobs.Gateway.Schemas;

namespace OrleansJobs.Gateway.Grid;

/// <summary>A job type and its arguments' schema, ready to check with.</summary>
internal sealed record JobType(JobTypeInfo Info, ArgsSchema Args)
{
    /// <summary>What it says of its jobs where their submits do not.</summary>
    public TypeDefaults Defaults { get; } = TypeDefaults.Of(Info);
}

/// <summary>
/// The job types of the grid, from memory. A list that is a few seconds old is renewed beside the request that finds it so; a name that is
/// not in it is looked for at once, but not more often than once a second, so that made-up names cost the grid nothing.
/// </summary>
internal sealed class JobTypeCatalogue(JobGrid grid, TimeProvider time)
{
    public static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan MissInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Snapshot? _snapshot;
    private Task<Snapshot>? _refresh;

    /// <summary>Null where no silo has, or has had, a handler for it.</summary>
    public ValueTask<JobType?> FindAsync(string name)
    {
        if (_snapshot is not { } snapshot) return RefreshAndFindAsync(name);
        var age = time.GetElapsedTime(snapshot.ReadAt);
        if (snapshot.Types.TryGetValue(name, out var type))
        {
            if (age > FreshFor) Ignore(RefreshAsync());
            return new(type);
        }

        return age > MissInterval ? RefreshAndFindAsync(name) : new((JobType?)null);
    }

    public async ValueTask<IReadOnlyCollection<JobType>> AllAsync()
    {
        var snapshot = _snapshot;
        if (snapshot is null || time.GetElapsedTime(snapshot.ReadAt) > MissInterval) snapshot = await RefreshAsync();
        return snapshot.Types.Values;
    }

    /// <summary>What is known is old: types have just been said to be something else.</summary>
    public void Renew()
    {
        lock (_lock)
        {
            _snapshot = null;
            _refresh = null;
        }
    }

    private async ValueTask<JobType?> RefreshAndFindAsync(string name) => (await RefreshAsync()).Types.GetValueOrDefault(name);

    /// <summary>One question to the grid at a time, whoever asks.</summary>
    private Task<Snapshot> RefreshAsync()
    {
        lock (_lock)
        {
            return _refresh ??= ReadAsync();
        }
    }

    private async Task<Snapshot> ReadAsync()
    {
        await Task.Yield();
        try
        {
            var types = await grid.Whole.GetJobTypes();
            var known = _snapshot?.Types;
            // Schemas are compiled once, not at every look.
            return _snapshot = new(time.GetTimestamp(), types.Value.ToFrozenDictionary(
                type => type.Name,
                type => known?.GetValueOrDefault(type.Name) is { } before && before.Info.ArgsSchema == type.ArgsSchema
                    ? new JobType(type, before.Args)
                    : new JobType(type, ArgsSchema.Compile(type.ArgsSchema)),
                StringComparer.Ordinal));
        }
        finally
        {
            lock (_lock)
            {
                _refresh = null;
            }
        }
    }

    // An old list is good enough while the grid is away; who asks for what it lacks hears of it.
    private static void Ignore(Task task) =>
        task.ContinueWith(static failed => _ = failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private sealed record Snapshot(long ReadAt, FrozenDictionary<string, JobType> Types);
}
