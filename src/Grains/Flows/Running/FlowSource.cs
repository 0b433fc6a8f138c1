namespace OrleansJobs.Flows;

/// <summary>
/// A stream of items that the flow's code has written. While one is fetched the flow is not parked, since that may be a read from anywhere; unless the stream's
/// own code waits for something of the flow's.
/// </summary>
internal sealed class FlowSource
{
    private bool _isFetching;

    public HashSet<FlowWait> Waits { get; } = [];

    public bool IsAtWork => _isFetching && Waits.Count == 0;

    public async ValueTask<bool> MoveNextAsync<T>(IAsyncEnumerator<T> items)
    {
        var around = FlowScope.Current;
        ValueTask<bool> move;
        FlowScope.Current = this;
        try
        {
            move = items.MoveNextAsync();
        }
        finally
        {
            FlowScope.Current = around;
        }

        if (move.IsCompleted) return await move;
        _isFetching = true;
        try
        {
            return await move;
        }
        finally
        {
            _isFetching = false;
        }
    }
}

/// <summary>What the code that runs belongs to: a <see cref="FlowSource"/>, <see cref="Step"/>, or null: the flow's own.</summary>
internal static class FlowScope
{
    public static readonly object Step = new();

    private static readonly AsyncLocal<object?> Scope = new();

    public static object? Current
    {
        get => Scope.Value;
        set => Scope.Value = value;
    }
}
