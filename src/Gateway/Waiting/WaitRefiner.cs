using System.Collections.Frozen;
using OrleansJobs.Gateway.Finding;
using OrleansJobs.Gateway.Grid;
using OrleansJobs.Gateway.Hosting;

namespace OrleansJobs.Gateway.Waiting;

/// <summary>
/// Says more exactly what a job waits for that waits for a slot: that its queue is paused no more, or that a silo comes which knows its type. A partition knows
/// neither; the gateway knows both from memory. What it knows is renewed beside the requests that find it old, so that no status waits for it while the grid is well.
/// </summary>
internal sealed class WaitRefiner(GridFigures figures, JobTypeCatalogue types, TimeProvider time)
{
    public static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);

    /// <summary>What is older is waited for, but not long: a status is an answer without it too.</summary>
    public static readonly TimeSpan TooOld = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    private readonly Lock _lock = new();
    private Known? _known;
    private Task? _renewal;

    /// <summary>The status as it may be shown, from what is known now.</summary>
    public JobStatus Refine(JobStatus status)
    {
        if (!WaitsForSlot(status)) return status;
        var known = _known;
        if (known is null || time.GetElapsedTime(known.At) > FreshFor) Renew();
        return known is null ? status : Refine(status, known);
    }

    /// <summary>The status as it may be shown, from what is known or can be asked at once.</summary>
    public ValueTask<JobStatus> RefineAsync(JobStatus status)
    {
        if (!WaitsForSlot(status)) return new(status);
        return _known is { } known && time.GetElapsedTime(known.At) <= TooOld ? new(Refine(status)) : RenewAndRefineAsync(status);
    }

    /// <summary>A queue was paused or resumed here: the next status is to say so.</summary>
    public void Forget() => _known = null;

    public static JobStatus Refine(JobStatus status, Known known)
    {
        WaitReason? exact = known.Paused.Contains(status.Queue) ? new(WaitReasons.Queue) { Name = status.Queue }
            : !known.Handled.Contains(status.Type) ? new(WaitReasons.Handler) { Name = status.Type }
            : null;
        return exact is null ? status : status with { WaitingFor = Array.ConvertAll(status.WaitingFor, reason => reason.What == WaitReasons.Slot ? exact : reason) };
    }

    private static bool WaitsForSlot(JobStatus status) => Array.Exists(status.WaitingFor, reason => reason.What == WaitReasons.Slot);

    private async ValueTask<JobStatus> RenewAndRefineAsync(JobStatus status)
    {
        try
        {
            await Renew().WaitAsync(Patience, time);
        }
        catch (TimeoutException)
        {
        }

        return Refine(status);
    }

    private Task Renew()
    {
        lock (_lock)
        {
            return _renewal ??= RenewAsync();
        }
    }

    private async Task RenewAsync()
    {
        await Task.Yield();
        try
        {
            var asked = time.GetTimestamp();
            var queues = await figures.QueuesAsync();
            var handlers = await types.AllAsync();
            _known = new(asked, queues.Where(queue => queue.Paused).Select(queue => queue.Name).ToFrozenSet(StringComparer.Ordinal),
                handlers.Where(type => type.Info.Silos > 0).Select(type => type.Info.Name).ToFrozenSet(StringComparer.Ordinal));
        }
        catch (Exception exception) when (GatewayErrors.IsUnavailable(exception))
        {
            // A grid that is away is asked again by the next status.
        }
        finally
        {
            lock (_lock)
            {
                _renewal = null;
            }
        }
    }

    /// <param name="At">A timestamp.</param>
    /// <param name="Paused">Queues.</param>
    /// <param name="Handled">Types that a running silo has a handler for.</param>
    internal sealed record Known(long At, FrozenSet<string> Paused, FrozenSet<string> Handled);
}
