using Microsoft.Extensions.Options;

namespace OrleansJobs.Gateway.Live;

/// <summary>
/// Bytes of large events that are kept for those who have yet to read them. Results may be large and readers slow; what does not fit is read from
/// the grid again when its reader is ready for it.
/// </summary>
internal sealed class EventMemory(IOptions<JobGatewayOptions> options)
{
    /// <summary>Events up to so many bytes are kept and do not count: there is one for each job that is watched.</summary>
    public const int Small = 4 << 10;

    private long _kept;

    /// <summary>Bytes that are kept now.</summary>
    public long Kept => Volatile.Read(ref _kept);

    public bool TryKeep(int bytes)
    {
        if (bytes <= Small) return true;
        if (Interlocked.Add(ref _kept, bytes) <= options.Value.MaxEventBytes) return true;
        Interlocked.Add(ref _kept, -bytes);
        return false;
    }

    public void Release(int bytes)
    {
        if (bytes > Small) Interlocked.Add(ref _kept, -bytes);
    }
}
