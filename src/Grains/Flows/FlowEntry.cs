using System.Globalization;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Flows;

/// <summary>How a flow stands: what it has started and waits for. What it remembers is in rows of its own, and in memory only while it is little.</summary>
internal sealed class FlowEntry(string id, long stamp, FlowBook book, bool isStored = false) : Entry
{
    private long _version;
    private long _stored = isStored ? 0 : -1;
    private bool _isGone;
    private (int Run, SetName Events)? _memory;

    public string Id { get; } = id;
    public long Stamp { get; } = stamp;

    /// <summary>1, and one more each time it started itself anew.</summary>
    public int Run { get; set; } = 1;

    /// <summary>What this run was started with; null: the job's own arguments.</summary>
    public byte[]? Args { get; set; }

    /// <summary>The sequence of the last event.</summary>
    public long Last { get; set; }

    /// <summary>The same of the last that came from elsewhere, and not from its own handler.</summary>
    public long LastArrival { get; set; }

    /// <summary>Events up to here that tell of failures count no more: somebody had it run again.</summary>
    public long RetriedAt { get; set; }

    /// <summary>
    /// How often somebody had it run again. What is ordered of its children, and how they ended without success, counts for the round that it was said in: an
    /// earlier one has nothing to say any more.
    /// </summary>
    public int Round { get; set; }

    /// <summary>The sequence of the last signal.</summary>
    public long LastSignal { get; set; }

    /// <summary>Names it remembers or has open, and the bytes of what it remembers.</summary>
    public int Names { get; set; }

    /// <inheritdoc cref="Names"/>
    public long Bytes { get; set; }

    public int Children { get; set; }

    /// <summary>Weights of all children, of those that have ended, and of those among them that ended without success.</summary>
    public long Weight { get; set; }

    /// <inheritdoc cref="Weight"/>
    public long WeightDone { get; set; }

    /// <inheritdoc cref="Weight"/>
    public long WeightFailed { get; set; }

    /// <summary>What all children are going to weigh, where the flow has said so.</summary>
    public long PlannedWeight { get; set; }

    /// <summary>The total of the progress that was last said in the flow's name; 0: it speaks for itself, or nothing was.</summary>
    public long LastTotal { get; set; }

    /// <summary>Children with names of their own that have not ended, by name.</summary>
    public Dictionary<string, string> Open { get; } = new(StringComparer.Ordinal);

    /// <summary>The same of those that ended without success.</summary>
    public Dictionary<string, string> Failed { get; } = new(StringComparer.Ordinal);

    /// <summary>Names of children that it does not wait for any more, and has had cancelled: they do not run again with those that failed.</summary>
    public HashSet<string> Dismissed { get; } = new(StringComparer.Ordinal);

    /// <summary>Names of children that have ended in this run; null where memory has not seen all of it. What is started again by such a name is not to be started.</summary>
    public HashSet<string>? Ended { get; set; } = isStored ? null : new(StringComparer.Ordinal);

    /// <summary>What it remembers, while that is little.</summary>
    public FlowRecall Recall { get; } = new(isWhole: !isStored);

    public Dictionary<string, FlowGroup> Groups { get; } = new(StringComparer.Ordinal);

    /// <summary>Partitions that have, or had, children of it.</summary>
    public SortedSet<int> Partitions { get; } = [];

    /// <summary>What it waits for, where it is parked.</summary>
    public FlowPark? Park { get; set; }

    /// <summary>How often in a row it was put off because too much was on its way to other partitions. Not stored.</summary>
    public int Refusals { get; set; }

    /// <summary>Signals since an attempt last read what had come.</summary>
    public int Unread { get; set; }

    /// <summary>Keys of the newest signals, oldest first.</summary>
    public List<string> SignalKeys { get; } = [];

    /// <summary>Stands in the line of those that memory keeps for now.</summary>
    public bool IsKept { get; set; }

    public bool HasOpenChildren => Open.Count > 0 || Groups.Values.Any(group => group.Succeeded + group.Failed < group.Started);

    public string Key { get; } = KeyOf(id, stamp);

    /// <summary>The events of a run.</summary>
    public SetName Memory
    {
        get
        {
            if (_memory is not { } memory || memory.Run != Run) _memory = memory = (Run, GridLayout.Flows.Order[OrderOf(Run)]);
            return memory.Events;
        }
    }

    public override bool IsStored => _stored >= 0;

    public static string KeyOf(string id, long stamp) => string.Create(CultureInfo.InvariantCulture, $"{id}/{stamp:x}");

    public string OrderOf(int run) => string.Create(CultureInfo.InvariantCulture, $"{Key}/{run}");

    public string EventKey(long sequence) => string.Create(CultureInfo.InvariantCulture, $"{Key}/{Run}/{sequence:x}");

    /// <summary>Whether something that it remembers counts no more, since what had failed runs again.</summary>
    public bool HasOverruled(FlowEvent told) => told.Sequence <= RetriedAt && told.Kind switch
    {
        FlowEventKind.GroupFailure => true,
        FlowEventKind.Child => told.State is not JobState.Success && !Dismissed.Contains(told.Name),
        FlowEventKind.Step => told.Error is not null || (FlowNames.GroupOf(told.Name) is { } group && Groups.GetValueOrDefault(group)?.RetriedAt >= told.Sequence),
        _ => false,
    };

    /// <summary>It has changed.</summary>
    /// <returns>Itself, to be marked.</returns>
    public FlowEntry Changed()
    {
        _version++;
        return this;
    }

    /// <inheritdoc cref="Changed"/>
    public FlowEntry Gone()
    {
        _isGone = true;
        return Changed();
    }

    public override object? WriteTo(CommitDraft draft)
    {
        if (_stored == _version || (_isGone && !IsStored)) return null;
        var before = _stored;
        draft.Counts.Flows++;
        if (_isGone) draft.Commit.Remove(GridLayout.Flows.States, Key);
        else draft.Put(GridLayout.Flows.States, Key, FlowRecord.Encode(this));
        _stored = _isGone ? -1 : _version;
        return before;
    }

    public override void Applied() => book.Stored(this, _isGone);

    public override void Restore(object before) => _stored = (long)before;

    public override void Drop() => Gone();
}

/// <summary>An event that is to be stored, and is not kept in memory.</summary>
internal sealed class EventEntry(FlowEntry flow, FlowEvent told) : Entry
{
    private static readonly object Nothing = new();
    private readonly string _key = flow.EventKey(told.Sequence);
    private readonly SetName _order = flow.Memory;
    private bool _isStored;
    private bool _isDropped;

    public override bool IsStored => _isStored;

    public override object? WriteTo(CommitDraft draft)
    {
        if (_isStored || _isDropped) return null;
        draft.Put(GridLayout.Flows.Events, _key, FlowRecord.Encode(told));
        draft.Commit.Put(_order, _key, told.Sequence);
        _isStored = true;
        return Nothing;
    }

    public override void Applied()
    {
    }

    public override void Restore(object before) => _isStored = false;

    public override void Drop() => _isDropped = true;
}
