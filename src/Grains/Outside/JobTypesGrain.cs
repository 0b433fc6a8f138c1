using OrleansJobs.Membership;
using OrleansJobs.Partitions;
using OrleansJobs.Records;
using OrleansJobs.Storage;
using OrleansJobs.Workers;

namespace OrleansJobs.Outside;

/// <summary>One at a time, so that two who say different things of a type do not overtake each other between the look and the write.</summary>
internal sealed class JobTypesGrain(IPartitionStore store, GridSilos silos, IWorkerDirectory workers, TimeProvider time) : Grain, IJobTypesGrain
{
    /// <summary>Types of a grid. Names of them are anybody's to make up who may announce any.</summary>
    public const int MaxTypes = 10_000;

    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(1);

    public async Task<string[]> Announce(JobTypeInfo[] types, bool onlyNew)
    {
        var rows = await store.ReadAsync(GridLayout.Types);
        var known = rows.ToDictionary(row => row.Key, row => JobTypeRecord.Decode(row.Key, row.Value), StringComparer.Ordinal);
        if (onlyNew && types.All(type => known.ContainsKey(type.Name))) return [];
        var handled = await HandledAsync();
        var warnings = new List<string>();
        var changed = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var type in types)
        {
            // The grid's own are what its silos say: who announces one is refused before.
            if (SubmissionRules.IsReserved(type.Name)) continue;
            if (Judge(type, known.GetValueOrDefault(type.Name), handled.Contains(type.Name), onlyNew, out var warning)) changed[type.Name] = JobTypeRecord.Encode(type);
            if (warning is not null) warnings.Add(warning);
        }

        if (changed.Keys.Count(name => !known.ContainsKey(name)) + known.Count > MaxTypes)
            throw new GridOverloadedException($"A grid knows at most {MaxTypes} job types.", RetryAfter);
        if (changed.Count > 0)
        {
            await store.PutAsync(GridLayout.Types, changed);
            await AskAllAsync(worker => worker.RenewTypes());
        }

        return [.. warnings];
    }

    /// <returns>Whether the type is from now on what it is said to be.</returns>
    public static bool Judge(JobTypeInfo said, JobTypeInfo? known, bool isHandled, bool onlyNew, out string? warning)
    {
        warning = null;
        if (isHandled)
        {
            if (!onlyNew && !IsBare(said)) warning = $"The type '{said.Name}' is described by the handler that silos have for it; what was said of it here is not taken.";
            return false;
        }

        if (known is null) return true;
        if (onlyNew || known with { Silos = 0 } == said with { Silos = 0 }) return false;
        var differs = known.ArgsSchema != said.ArgsSchema;
        if (ReleaseOrder.Compare(said.Release, known.Release) < 0)
        {
            warning = $"The type '{said.Name}' is described by the newer release {known.Release}; what was said of it by {(said.Release is null ? "one without a name" : said.Release)} is not taken.";
            return false;
        }

        // Without releases there is no newer one: such sessions replace each other in turn, and each is told.
        if (differs && said.Release == known.Release)
            warning = $"The type '{said.Name}' had another schema, by {(said.Release is null ? "one that names no release either" : $"the same release {said.Release}")}; it has this one now.";
        return true;
    }

    private static bool IsBare(JobTypeInfo type) => type == new JobTypeInfo { Name = type.Name };

    private async Task<HashSet<string>> HandledAsync()
    {
        var handled = new HashSet<string>(StringComparer.Ordinal);
        await AskAllAsync(async worker => handled.UnionWith((await worker.GetTypes()).Select(type => type.Name)));
        return handled;
    }

    /// <summary>A silo that does not answer in time is passed over: it may be going.</summary>
    private Task AskAllAsync(Func<IJobWorker, Task> ask) => Task.WhenAll(silos.Current.Active.Select(async silo =>
    {
        try
        {
            await ask(workers.Of(silo)).WaitAsync(AskTimeout, time);
        }
        catch (Exception exception) when (exception is OrleansException or TimeoutException)
        {
            // What it would say now it says the next time, and what was said it reads by itself.
        }
    }));
}
