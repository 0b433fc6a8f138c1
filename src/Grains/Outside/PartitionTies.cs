using OrleansJobs.Workers;

namespace OrleansJobs.Outside;

/// <summary>What ties a session to one partition.</summary>
internal sealed class PartitionTies(long firstSequence)
{
    /// <summary>Leases that the partition was told are held, on the worker's word; it has yet to say what they are.</summary>
    private readonly HashSet<LeaseName> _awaited = [];

    /// <summary>Leases of older generations are not taken any more.</summary>
    private long _oldestGeneration;

    public long Sequence { get; set; } = firstSequence;

    /// <summary>The partition has said which leases are this session's. Before that nobody here knows: another silo may have kept the session.</summary>
    public bool IsKnown { get; set; }

    /// <summary>An answer was lost, or none has come yet: what is held is said with the next exchange.</summary>
    public bool LostAnswer { get; set; } = true;

    /// <summary>The highest generation that has been met.</summary>
    public long NewestGeneration { get; private set; }

    /// <summary>Reports that the partition has not acknowledged.</summary>
    public int Reports { get; set; }

    public void Meet(long generation) => NewestGeneration = Math.Max(NewestGeneration, generation);

    /// <summary>
    /// A partition that has opened asks which leases of the generations before are held. What is refused from now on is decided together with what is held: a
    /// lease that arrived between the two would be refused, although its worker runs it.
    /// </summary>
    /// <param name="isHere">A lease is here, from its arrival until its partition knows how the attempt ended.</param>
    /// <param name="isSaid">The worker says that it has this lease, or how its attempt ended.</param>
    public List<LeaseName> Confirm(long generation, LeaseName[] leases, Func<LeaseName, bool> isHere, Func<LeaseName, bool> isSaid)
    {
        _oldestGeneration = Math.Max(_oldestGeneration, generation);
        Meet(generation);
        var held = new List<LeaseName>(leases.Length);
        foreach (var lease in leases)
        {
            var here = isHere(lease);
            // Until the partition has said what is this session's, its worker's word counts; then what the partition has not named is over.
            if (!here && (IsKnown || !isSaid(lease))) continue;
            held.Add(lease);
            if (!here) _awaited.Add(lease);
        }

        return held;
    }

    /// <summary>Whether a lease that has arrived is to be refused: it is older than an opening of its partition to which it was not named as held.</summary>
    public bool Refuses(LeaseName lease) => FencingToken.GenerationOf(lease.Token) < _oldestGeneration && !_awaited.Remove(lease);
}
