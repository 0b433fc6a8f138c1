using System.Runtime.InteropServices;

namespace OrleansJobs.Partitions;

/// <summary>Leases of workers outside of the silos. Whether a session is dead is decided by the session; a partition sees to it that somebody decides.</summary>
internal sealed partial class JobPartitionGrain
{
    /// <summary>Longer than an exchange can be under way.</summary>
    private static readonly TimeSpan SequenceKept = TimeSpan.FromHours(1);

    public async Task Lost(SiloAddress session, long sequence, long generation)
    {
        if (generation > _core.Generation) throw Succeeded(generation);
        ref var last = ref CollectionsMarshal.GetValueRefOrAddDefault(_sequences, session, out _);
        // Said by an activation that was succeeded, and late: its successor holds the leases, or will say the same. One whose silo's clock is behind is called to
        // life again each minute while it has leases here, until its number is the higher one.
        if (sequence < last) return;
        last = sequence;
        _hungry.Forget(session);
        CrashLeasesOf(session.ToParsableString());
        Pump();
        await _commits.Committed();
    }

    /// <summary>The silo that kept a session may be lost: each session with leases here is called to life somewhere, where it waits for its worker or ends.</summary>
    private void WakeSessions()
    {
        foreach (var silo in _core.Jobs.Leased.Select(job => job.Track.Silo!).Distinct().ToList())
        {
            if (SiloAddress.FromParsableString(silo) is var worker && WorkSession.IsSession(worker)) Tell(worker, session => session.PartitionOpened(_partition));
        }

        // Their numbers begin with the time of their activation.
        var oldest = (Now - (long)SequenceKept.TotalMilliseconds) << Outside.SequenceNumbers.CounterBits;
        foreach (var session in _sequences.Where(known => known.Value < oldest && WorkSession.IsSession(known.Key)).Select(known => known.Key).ToList())
        {
            if (!_hungry.Silos.Contains(session)) _sequences.Remove(session);
        }
    }
}
