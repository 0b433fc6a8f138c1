using OrleansJobs.Workers;

namespace OrleansJobs.Flows;

/// <summary>How jobs ended, read from where they live.</summary>
internal sealed class ChildResults(AttemptServices services)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <returns>Null: there is no such job, or no longer.</returns>
    public Task<JobStatus?> GetAsync(string id, int partitions) => Task.Run(async () =>
    {
        var outage = new Outage(services.Time, Patience);
        while (true)
        {
            var asked = services.Time.GetTimestamp();
            try
            {
                return await services.Grid.Jobs(JobIds.PartitionOf(id, partitions)).Get(id).ConfigureAwait(false);
            }
            catch (Exception exception) when (TransientFailure.Is(exception, CancellationToken.None) && outage.GoesOn(asked))
            {
                // Its partition moves, or its store is away.
            }

            await outage.DelayAsync(CancellationToken.None).ConfigureAwait(false);
        }
    });

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

/// <summary>Reads one after the other, some of them in advance.</summary>
internal sealed class ReadAhead<T>(Func<int, Task<T>> read, int first, int count)
{
    private const int InAdvance = 16;

    private readonly Queue<Task<T>> _under = new();
    private int _next = first;

    public Task<T> NextAsync()
    {
        while (_under.Count < InAdvance && _next < count) _under.Enqueue(read(_next++));
        return _under.Dequeue();
    }
}

/// <summary>The results of a group whose children have all ended.</summary>
internal sealed class GroupResults<TResult>(RunningFlow flow, ChildGroup group, int count, ChildFailure failure) : FlowResults<TResult>
{
    public override int Count => count;
    public override int Failed { get; init; }

    public override async IAsyncEnumerator<TResult> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        var ahead = new ReadAhead<JobStatus?>(flow.StatusOf(group), 0, count);
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
