using OrleansJobs.Workers;

namespace OrleansJobs.Flows;

/// <summary>How a flow that has nothing left to run comes to wait without its slot, and what is done about code that goes on all the same.</summary>
internal sealed partial class FlowExecution
{
    private const int ParkedOnce = 1;
    private const int CameLateOnce = 2;
    private int _parked;
    private volatile bool _settled;

    /// <summary>Its code went on after it was parked.</summary>
    public bool HasComeLate => Volatile.Read(ref _parked) == CameLateOnce;

    public void CameLate()
    {
        if (Interlocked.CompareExchange(ref _parked, CameLateOnce, ParkedOnce) != ParkedOnce) return;
        if (_settled) _ = _line.FailParkedAsync(ForeignAwait);
    }

    /// <summary>The attempt is about to be reported: what comes later than this is said to the partition.</summary>
    public FlowEnd Settle(FlowEnd end)
    {
        _settled = true;
        Interlocked.MemoryBarrier();
        return HasComeLate ? new FlowEnd(AttemptEnding.Failed(ForeignAwait)) : end;
    }

    private static JobError ForeignAwait { get; } = new(JobErrorCodes.ForeignAwait, null,
        "The flow awaited something that is not its own while it waited for something of its own, and so was parked. Put such an await into a step: await flow.StepAsync(\"name\", () => ...).");

    /// <summary>All that is left is to wait for what is about to be started: that goes with the park, in one call and one commit.</summary>
    private bool ParksWithPending() =>
        _open.Count > 0 && !_pending.IsEmpty && !IsBusy && _pending.IsForPark && _line.KnowsTypesOf(_pending.Children)
        && !_timed.Exists(wait => !wait.IsMarked && wait.IsDue(Memory, Now)) && !LooksOnce() && !IsSoonOver();

    private void Park()
    {
        var park = new FlowParkBuilder();
        foreach (var wait in _open) wait.Describe(park, Memory);
        // Said first: from the moment of the drop on, its code may come late.
        Volatile.Write(ref _parked, ParkedOnce);
        if (!_pump.TryDrop()) Volatile.Write(ref _parked, 0);
        else End(new FlowEnd(AttemptEnding.Parked(park.Build(Memory.Seen) with { Change = _pending.IsEmpty ? null : _line.OfTypesHere(_pending.Take().Change) })));
    }
}
