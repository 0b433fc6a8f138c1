namespace OrleansJobs.Flows;

/// <summary>The calls that wait for signals of one name: each signal goes to the oldest call that is open when it comes.</summary>
internal sealed class SignalLine(string name)
{
    private readonly List<ISignalCall> _open = [];

    public string Name => name;

    /// <summary>How many have been given to calls.</summary>
    public int Taken { get; private set; }

    /// <summary>How often it was asked for one.</summary>
    public int Calls { get; private set; }

    public int Enter(ISignalCall wait)
    {
        _open.Add(wait);
        return ++Calls;
    }

    /// <summary>The signal that ends a call, and whether the call's time had run out before it came.</summary>
    public (FlowEvent? Signal, FlowEvent? Late) Find(ISignalCall call, FlowMemory memory)
    {
        var signals = memory.Signals(name);
        var next = Taken;
        foreach (var wait in _open)
        {
            var signal = next < signals.Count ? signals[next] : null;
            var late = memory.Step(wait.LateName);
            if (late is not null && !(signal?.Sequence < late.Sequence)) signal = null;
            else if (signal is not null) (late, next) = (null, next + 1);
            if (wait == call) return (signal, late);
        }

        return (null, null);
    }

    public void Leave(ISignalCall call, bool withSignal)
    {
        _open.Remove(call);
        if (withSignal) Taken++;
    }
}

internal interface ISignalCall
{
    string LateName { get; }
}

/// <summary>For a signal.</summary>
internal sealed class SignalWait<T> : FlowWait<T>, ISignalCall
{
    private readonly SignalLine _line;
    private readonly bool _hasTimeout;

    public SignalWait(SignalLine line, bool hasTimeout) : base(line.Name)
    {
        _line = line;
        _hasTimeout = hasTimeout;
        var call = line.Enter(this);
        UntilName = FlowNames.Until(line.Name, call);
        LateName = FlowNames.Late(line.Name, call);
    }

    /// <summary>What its end is remembered by.</summary>
    public string UntilName { get; }
    public string LateName { get; }

    public override bool HoldsName => false;

    public override string Mark => LateName;

    public override bool AlwaysMarks => true;

    public override bool HasDue => _hasTimeout;

    public override DateTimeOffset? Until(FlowMemory memory) =>
        _hasTimeout && memory.Step(UntilName) is { } step ? DateTimeOffset.FromUnixTimeMilliseconds(Read<long>(UntilName, step.Value)) : null;

    public override long? Place(FlowMemory memory)
    {
        var (signal, late) = _line.Find(this, memory);
        return (signal ?? late)?.Sequence;
    }

    /// <summary>Only where everything that came in time has been read.</summary>
    public override bool IsDue(FlowMemory memory, DateTimeOffset now) => Until(memory) is { } until && now >= until && memory.ReadAt >= until;

    public override void Describe(FlowParkBuilder park, FlowMemory memory)
    {
        park.Signals.Add(Name);
        park.Wait(Until(memory));
    }

    protected override T Give(FlowMemory memory)
    {
        var (signal, _) = _line.Find(this, memory);
        _line.Leave(this, signal is not null);
        return signal is null ? throw new TimeoutException($"No signal '{Name}' came in time.") : Read<T>(Name, signal.Value);
    }
}
