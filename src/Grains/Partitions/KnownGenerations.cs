using Microsoft.Extensions.Options;
using OrleansJobs.Diagnostics;
using OrleansJobs.Hosting;

namespace OrleansJobs.Partitions;

/// <summary>
/// The highest generation of each partition that this silo has met: its own openings, and what workers say. A partition that opens here goes on above it,
/// though the store may have lost it. Safe to call from any thread.
/// </summary>
internal sealed class KnownGenerations(IOptions<JobGridOptions> options)
{
    private readonly long[] _highest = new long[options.Value.Partitions];

    public long Highest(int partition) => Sabotage.IsOff(Safeguard.TokenFloor) ? 0 : Volatile.Read(ref _highest[partition]);

    public void Met(int partition, long generation)
    {
        var known = Volatile.Read(ref _highest[partition]);
        while (generation > known)
        {
            var seen = Interlocked.CompareExchange(ref _highest[partition], generation, known);
            if (seen == known) return;
            known = seen;
        }
    }
}
