using Microsoft.Extensions.Options;
using OrleansJobs.Hosting;

namespace OrleansJobs.Outside;

/// <summary>Counts the sessions that this silo keeps, up to the bound.</summary>
internal sealed class SessionsHere(IOptions<JobGridOptions> options)
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    /// <param name="isNew">It holds nothing. One that does is taken in beyond the bound: its jobs would be lost otherwise.</param>
    public bool TryEnter(bool isNew)
    {
        if (Interlocked.Increment(ref _count) <= options.Value.Outside.MaxSessions || !isNew) return true;
        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _count);
}
