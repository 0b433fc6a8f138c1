using System.Collections.Frozen;

namespace OrleansJobs;

/// <summary>Where the jobs of a type go when their submitter names no queue: what the handlers of the running grid say.</summary>
internal sealed class JobTypeQueues(GridConnection grid)
{
    /// <summary>A type that is not known may be one that a silo has brought since.</summary>
    private static readonly TimeSpan UnknownFor = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KnownFor = TimeSpan.FromMinutes(1);

    private State? _state;
    private Task? _refresh;

    /// <returns>The queue; the default one for a type that no silo knows.</returns>
    /// <exception cref="GridUnavailableException"/>
    public async ValueTask<string> QueueOfAsync(string type, CancellationToken cancellation)
    {
        if (_state is not { } state) return Find(await ReadAsync(cancellation), type);
        var age = grid.Time.GetElapsedTime(state.Read);
        if (!state.Queues.ContainsKey(type) && age > UnknownFor) return Find(await ReadAsync(cancellation), type);
        // A handler's queue changes by deployment only: nobody has to wait for the news.
        if (age > KnownFor && _refresh is not { IsCompleted: false }) _refresh = RefreshAsync();
        return Find(state, type);
    }

    private async Task<State> ReadAsync(CancellationToken cancellation)
    {
        var types = await grid.AskAsync(() => grid.Grid.GetJobTypes(), cancellation);
        return _state = new State(grid.Time.GetTimestamp(), types.Value.ToFrozenDictionary(type => type.Name, type => type.Queue));
    }

    private async Task RefreshAsync()
    {
        try
        {
            await ReadAsync(CancellationToken.None);
        }
        catch (GridUnavailableException)
        {
            // What is known goes on to serve; the next submit tries again.
        }
    }

    private static string Find(State state, string type) => state.Queues.GetValueOrDefault(type, JobLimits.DefaultQueue);

    private sealed record State(long Read, FrozenDictionary<string, string> Queues);
}
