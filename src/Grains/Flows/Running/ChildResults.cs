using OrleansJobs.Workers;

namespace OrleansJobs.Flows;

/// <summary>How jobs ended, read from where they live.</summary>
/// <param name="job">Whose handler waits for it; null: none of this silo's.</param>
internal sealed class ChildResults(AttemptServices services, RunningJob? job = null)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Bytes that are asked for at a time, of all partitions together.</summary>
    private const int BytesPerPage = 4 << 20;

    /// <summary>Of one partition with one call.</summary>
    private const int MostTogether = 256;

    /// <summary>Of each at least: what does not fit is a call of its own.</summary>
    private const int LeastPerHome = 256 << 10;

    /// <summary>Partitions that are asked at a time.</summary>
    private const int MostAtOnce = 32;

    /// <summary>However many they are, of all of them no more at a time.</summary>
    private const int MostOfAll = 32 << 20;

    /// <returns>Null: there is no such job, or no longer.</returns>
    public Task<JobStatus?> GetAsync(string id, int partitions) =>
        Task.Run(() => AskAsync(() => services.Grid.Jobs(JobIds.PartitionOf(id, partitions)).Get(id)));

    /// <summary>Several, with one call for each partition that has some of them.</summary>
    /// <returns>In the order of the ids; of those that did not fit nothing is said.</returns>
    public Task<Read<JobStatus?>[]> GetManyAsync(string[] ids, int partitions) => Task.Run(async () =>
    {
        var found = new Read<JobStatus?>[ids.Length];
        var homes = Enumerable.Range(0, ids.Length).GroupBy(place => JobIds.PartitionOf(ids[place], partitions)).SelectMany(home => home.Chunk(MostTogether).Select(places => (home.Key, places))).ToArray();
        var bytes = homes.Length == 0 ? 0 : Math.Max(BytesPerPage / homes.Length, Math.Min(LeastPerHome, MostOfAll / homes.Length));
        var held = 0L;
        using var turns = new SemaphoreSlim(MostAtOnce);
        await Task.WhenAll(homes.Select(async home =>
        {
            var (partition, places) = home;
            await turns.WaitAsync().ConfigureAwait(false);
            try
            {
                // Each brings one at least, however large: what is left then is asked for by itself.
                if (Volatile.Read(ref held) < MostOfAll) await ReadAsync(partition, places).ConfigureAwait(false);
            }
            finally
            {
                turns.Release();
            }
        })).ConfigureAwait(false);
        return found;

        async Task ReadAsync(int partition, int[] places)
        {
            var children = await AskAsync(() => services.Grid.Flows(partition).ReadChildren(Array.ConvertAll(places, place => ids[place]), bytes)).ConfigureAwait(false);
            for (var i = 0; i < children.Length; i++) found[places[i]] = new(true, children[i]);
            Interlocked.Add(ref held, children.Sum(static child => (long)(child?.Result?.Length ?? 0)));
        }
    });

    /// <exception cref="FlowUnavailableException">There is no answer, which says nothing of the child.</exception>
    private async Task<T> AskAsync<T>(Func<Task<T>> question)
    {
        // Nor does it say anything of the flow, which can say nothing new meanwhile.
        using var wait = job?.WaitForGrid();
        var outage = new Outage(services.Time, Patience);
        while (true)
        {
            var asked = services.Time.GetTimestamp();
            try
            {
                return await question().ConfigureAwait(false);
            }
            catch (Exception exception) when (TransientFailure.Is(exception, CancellationToken.None))
            {
                // The partition moves, or its store is away.
                if (!outage.GoesOn(asked)) throw new FlowUnavailableException(exception);
            }

            await outage.DelayAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <exception cref="ChildFailedException"/>
    /// <exception cref="FlowFailedException">It does not fit.</exception>
    public static T ValueOf<T>(string name, string id, JobStatus? status, ChildFailure failure) => status is null
        ? ValueOf<T>(name, id, JobState.Failure, null, new JobError(JobErrorCodes.DependencyFailed, null, "It is not kept any more."), failure)
        : ValueOf<T>(name, id, status.State, status.Result, status.Error, failure);

    /// <inheritdoc cref="ValueOf{T}(string, string, JobStatus?, ChildFailure)"/>
    public static T ValueOf<T>(string name, string id, JobState state, byte[]? value, JobError? error, ChildFailure failure)
    {
        if (state is JobState.Success) return FlowWait.Read<T>(name, value);
        return failure is ChildFailure.Ignore ? default! : throw new ChildFailedException(name, id, state, error);
    }
}

/// <summary>The results of a group whose children have all ended.</summary>
internal sealed class GroupResults<TResult>(RunningFlow flow, ChildGroup group, int count, ChildFailure failure) : FlowResults<TResult>
{
    public override int Count => count;
    public override int Failed { get; init; }

    public override async IAsyncEnumerator<TResult> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        var ahead = flow.ReadAheadOf(group, 0, count);
        for (var i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return await flow.ValueAsync<TResult>(group, i, ahead.NextAsync(), failure);
        }
    }

    public override async Task<TResult[]> ToArrayAsync()
    {
        var all = new TResult[count];
        var i = 0;
        await foreach (var result in this) all[i++] = result;
        return all;
    }
}

/// <summary>What all children of a group share.</summary>
internal readonly record struct ChildGroup(string Name, bool IsSpread);
