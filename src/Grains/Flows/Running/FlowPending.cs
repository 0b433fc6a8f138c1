namespace OrleansJobs.Flows;

/// <summary>What is to be stored with the next call: what becomes ready at the same time goes together.</summary>
internal sealed class FlowPending
{
    /// <summary>Those of a spread group that go together have one letter for each partition, so that it pays to have many of them.</summary>
    public const int MostChildren = 1024;

    /// <summary>Of what one call carries. A single entry may be larger.</summary>
    private const int MostBytes = 1 << 20;
    private const int MostSteps = 1000;

    /// <summary>Of what goes with a park, whose call carries reports of other jobs too.</summary>
    private const int MostBytesOfPark = 256 << 10;

    /// <summary>Numbers, and names of members, of one child.</summary>
    private const int OverheadOfChild = 64;

    private readonly Queue<FlowStep> _steps = [];
    private readonly Queue<(ChildOrder? Child, FlowGroupTotal? Total, Action? Stored)> _starts = [];
    private readonly Queue<string> _cancels = [];
    private long _weight;

    public bool IsEmpty => _steps.Count == 0 && _starts.Count == 0 && _cancels.Count == 0;

    public bool HasSteps => _steps.Count > 0;

    /// <summary>The flow's code need not hear of any of it before it waits, and it fits into one change.</summary>
    public bool IsForPark =>
        _steps.Count == 0 && _starts.Count <= MostChildren && _cancels.Count <= MostChildren && IsSmall();

    /// <summary>Those that are to be started.</summary>
    public IEnumerable<ChildOrder> Children => _starts.Where(static start => start.Child is not null).Select(static start => start.Child!);

    /// <summary>What a child adds to a call: its arguments, and about what else is said of it.</summary>
    public static long SizeOf(ChildOrder child)
    {
        var job = child.Job;
        var size = (long)job.Args.Length + job.Id.Length + child.Name.Length + job.Type.Length + job.Queue.Length + (job.Key?.Length ?? 0) + (job.TraceParent?.Length ?? 0);
        foreach (var tag in job.Tags) size += tag.Name.Length + tag.Value.Length;
        foreach (var notice in job.Notify) size += notice.Url.Length;
        return size + OverheadOfChild;
    }

    private bool IsSmall()
    {
        var bytes = 0L;
        foreach (var (child, _, stored) in _starts)
        {
            if (stored is not null) return false;
            if (child is not null) bytes += SizeOf(child);
        }

        return bytes <= MostBytesOfPark;
    }

    public void Add(FlowStep step) => _steps.Enqueue(step);

    public void Add(ChildOrder child, Action? stored = null) => _starts.Enqueue((child, null, stored));

    public void Add(FlowGroupTotal total, Action? stored = null) => _starts.Enqueue((null, total, stored));

    /// <summary>The weights of all children that there will be. It goes with what else is stored.</summary>
    public void Plan(long weight) => _weight = weight;

    /// <param name="child">Its name.</param>
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

        while (cancels.Count < MostChildren && _cancels.TryDequeue(out var name)) cancels.Add(name);
        return (new FlowChange { Steps = [.. steps], Children = [.. children], Totals = [.. totals], Cancels = [.. cancels], Weight = _weight }, [.. stored]);
    }
}
