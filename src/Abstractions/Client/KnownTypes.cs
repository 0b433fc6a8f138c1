using System.Collections.Frozen;

namespace OrleansJobs;

/// <summary>Where the jobs of a type go when their submitter names no queue, and what key they have: what the handlers of the running grid say.</summary>
internal sealed class KnownTypes(GridConnection grid)
{
    /// <summary>A type that is not known may be one that a silo has brought since.</summary>
    private static readonly TimeSpan UnknownFor = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KnownFor = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private State? _state;

    /// <summary>The read that is under way, or was last: all who need one share it.</summary>
    private Task<State>? _reading;

    /// <returns>Nothing but the default queue for a type that no silo knows.</returns>
    /// <exception cref="GridUnavailableException"/>
    public async ValueTask<TypeDefaults> OfAsync(string type, CancellationToken cancellation)
    {
        if (_state is not { } state) return Find(await ReadAsync().WaitAsync(cancellation), type);
        if (!state.Types.ContainsKey(type) && grid.Time.GetElapsedTime(state.Read) > UnknownFor) return Find(await ReadAgainAsync(state).WaitAsync(cancellation), type);
        Renew(state);
        return Find(state, type);
    }

    /// <summary>What has been read of a type; null: nothing, so that the grid must be asked.</summary>
    public TypeDefaults? Known(string type)
    {
        if (_state is not { } state || !state.Types.TryGetValue(type, out var known)) return null;
        Renew(state);
        return known;
    }

    private Task<State> ReadAsync()
    {
        lock (_lock) return _reading is { IsCompleted: false } reading ? reading : (_reading = ReadNowAsync());
    }

    private async Task<State> ReadNowAsync()
    {
        var types = await grid.AskAsync(() => grid.Grid.GetJobTypes(), CancellationToken.None);
        return _state = new State(grid.Time.GetTimestamp(), types.Value.ToFrozenDictionary(type => type.Name, TypeDefaults.Of));
    }

    /// <returns>What was known, where no more can be learned now: a submit does not fail for it.</returns>
    private async Task<State> ReadAgainAsync(State known)
    {
        try
        {
            return await ReadAsync();
        }
        catch (GridUnavailableException)
        {
            return known;
        }
    }

    /// <summary>What a handler says changes by deployment only: nobody has to wait for the news. Where it cannot be read the next submit tries again.</summary>
    private void Renew(State state)
    {
        if (grid.Time.GetElapsedTime(state.Read) > KnownFor) _ = ReadAgainAsync(state);
    }

    private static TypeDefaults Find(State state, string type) => state.Types.GetValueOrDefault(type, TypeDefaults.None);

    private sealed record State(long Read, FrozenDictionary<string, TypeDefaults> Types);
}
