namespace OrleansJobs.Flows;

/// <summary>
/// What is remembered of a flow, as far as this attempt has read it: always everything up to a place, and nothing behind it. What has been decided from it is
/// therefore decided the same way again by an attempt that has read further.
/// </summary>
internal sealed class FlowMemory
{
    private readonly Dictionary<string, FlowEvent> _steps = [];
    private readonly Dictionary<string, FlowEvent> _children = [];
    private readonly Dictionary<string, List<FlowEvent>> _failures = [];
    private readonly Dictionary<string, List<FlowEvent>> _signals = [];
    private readonly Dictionary<string, FlowGroup> _groups = [];
    private readonly Dictionary<string, List<FlowEvent>> _places = [];
    private readonly HashSet<string> _started = [];

    public long Seen { get; private set; }
    public int Run { get; private set; } = 1;
    public byte[]? Args { get; private set; }
    public int Partitions { get; private set; }

    /// <summary>Whatever had come by then has been read.</summary>
    public DateTimeOffset ReadAt { get; private set; } = DateTimeOffset.MinValue;

    /// <param name="pages">From behind <see cref="Seen"/> to the end.</param>
    /// <param name="asked">When they were asked for.</param>
    public void Take(IEnumerable<FlowPage> pages, DateTimeOffset asked)
    {
        foreach (var page in pages)
        {
            (Run, Args, Partitions) = (page.Run, page.Args, page.Partitions);
            foreach (var happened in page.Events)
            {
                if (happened.Sequence > Seen) Take(happened);
            }

            foreach (var name in page.Started) _started.Add(name);
            foreach (var group in page.Groups) _groups[group.Name] = group;
            Seen = Math.Max(Seen, page.Seen);
        }

        ReadAt = asked;
    }

    /// <summary>A step has been stored behind all that has been read.</summary>
    public void Remember(FlowStep step)
    {
        if (_steps.TryAdd(step.Name, new FlowEvent { Sequence = Seen + 1, Kind = FlowEventKind.Step, Name = step.Name, Value = step.Value, Error = step.Error })) Seen++;
    }

    /// <summary>Children have been stored as started.</summary>
    public void Started(IEnumerable<ChildOrder> children, IEnumerable<FlowGroupTotal> totals)
    {
        foreach (var child in children)
        {
            if (child.Index < 0)
            {
                _started.Add(child.Name);
                continue;
            }

            var group = Group(child.Name) ?? new FlowGroup(child.Name, -1, 0, 0, 0);
            _groups[child.Name] = group with { Started = Math.Max(group.Started, child.Index + 1) };
        }

        foreach (var (name, total) in totals) _groups[name] = (Group(name) ?? new FlowGroup(name, -1, 0, 0, 0)) with { Total = total };
    }

    public FlowEvent? Step(string name) => _steps.GetValueOrDefault(name);

    public FlowEvent? Child(string name) => _children.GetValueOrDefault(name);

    /// <summary>A child of this name need not be started again.</summary>
    public bool HasStarted(string name) => _started.Contains(name) || _children.ContainsKey(name);

    public FlowGroup? Group(string name) => _groups.GetValueOrDefault(name);

    /// <summary>In the order in which they came.</summary>
    public IReadOnlyList<FlowEvent> Failures(string group) => _failures.TryGetValue(group, out var failures) ? failures : [];

    /// <summary>How a child of a group failed, where that is one of those that are told one by one.</summary>
    public FlowEvent? FailureOf(string group, int index)
    {
        foreach (var failure in Failures(group))
        {
            if (failure.Index == index) return failure;
        }

        return null;
    }

    /// <summary>The partition of a group's child that has a key; null: it is where its place in the group puts it.</summary>
    public int? PlaceOf(string group, int index)
    {
        if (!_places.TryGetValue(group, out var told)) return null;
        // The last that begins no later: they come in order, and none overlap.
        var (low, high) = (0, told.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (told[middle].Index <= index) low = middle + 1;
            else high = middle;
        }

        return low == 0 ? null : ChildPlaces.Of(told[low - 1], index);
    }

    /// <inheritdoc cref="Failures"/>
    public IReadOnlyList<FlowEvent> Signals(string name) => _signals.TryGetValue(name, out var signals) ? signals : [];

    /// <summary>Signals that have been read and that nobody has taken, in the order in which they came.</summary>
    /// <param name="taken">How many of a name have been.</param>
    public FlowEvent[] UntakenSignals(Func<string, int> taken) =>
        [.. _signals.SelectMany(line => line.Value.Skip(taken(line.Key))).OrderBy(static signal => signal.Sequence)];

    private void Take(FlowEvent happened)
    {
        switch (happened.Kind)
        {
            case FlowEventKind.Step:
                _steps.TryAdd(happened.Name, happened);
                break;
            case FlowEventKind.Child:
                // One that is told twice has the place that earlier attempts gave it. Ends that count no more are not among these.
                _children.TryAdd(happened.Name, happened);
                break;
            case FlowEventKind.GroupFailure:
                ListOf(_failures, happened.Name).Add(happened);
                break;
            case FlowEventKind.Places:
                ListOf(_places, happened.Name).Add(happened);
                break;
            case FlowEventKind.Signal:
                ListOf(_signals, happened.Name).Add(happened);
                break;
        }
    }

    private static List<FlowEvent> ListOf(Dictionary<string, List<FlowEvent>> lists, string name)
    {
        if (lists.TryGetValue(name, out var list)) return list;
        return lists[name] = [];
    }
}
