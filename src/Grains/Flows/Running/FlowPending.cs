namespace OrleansJobs.Flows;

/// <summary>What is to be stored with the next call: what becomes ready at the same time goes together.</summary>
internal sealed class FlowPending
{
    public const int MostChildren = 256;

    /// <summary>Of what one call carries. A single entry may be larger.</summary>
    private const int MostBytes = 1 << 20;
    private const int MostSteps = 1000;

    private readonly Queue<FlowStep> _steps = [];
    private readonly Queue<(ChildOrder? Child, FlowGroupTotal? Total, Action? Stored)> _starts = [];
    private readonly Queue<string> _cancels = [];

    public bool IsEmpty => _steps.Count == 0 && _starts.Count == 0 && _cancels.Count == 0;

    public bool HasSteps => _steps.Count > 0;

    public void Add(FlowStep step) => _steps.Enqueue(step);

    public void Add(ChildOrder child, Action? stored = null) => _starts.Enqueue((child, null, stored));

    public void Add(FlowGroupTotal total, Action? stored = null) => _starts.Enqueue((null, total, stored));

    public void Cancel(string child) => _cancels.Enqueue(child);

    /// <summary>Nothing is started any more.</summary>
    /// <returns>Whether something was to be.</returns>
    public bool KeepSteps()
    {
        var any = _starts.Count > 0;
        _starts.Clear();
        _cancels.Clear();
        return any;
    }

    /// <returns>What to store, and what to do when it is.</returns>
    public (FlowChange Change, Action[] Stored) Take()
    {
        var room = MostBytes;
        var steps = new List<FlowStep>();
        var children = new List<ChildOrder>();
        var totals = new List<FlowGroupTotal>();
        var stored = new List<Action>();
        var cancels = new List<string>();
        while (steps.Count < MostSteps && room > 0 && _steps.TryDequeue(out var step))
        {
            steps.Add(step);
            room -= step.Value?.Length ?? 0;
        }

        while (children.Count < MostChildren && (room > 0 || (steps.Count == 0 && children.Count == 0)) && _starts.TryDequeue(out var start))
        {
            if (start.Child is { } child)
            {
                children.Add(child);
                room -= child.Job.Args.Length;
            }

            if (start.Total is { } total) totals.Add(total);
            if (start.Stored is { } then) stored.Add(then);
        }

        while (cancels.Count < MostChildren && _cancels.TryDequeue(out var id)) cancels.Add(id);
        return (new FlowChange { Steps = [.. steps], Children = [.. children], Totals = [.. totals], Cancels = [.. cancels] }, [.. stored]);
    }
}
