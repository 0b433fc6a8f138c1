namespace OrleansJobs.Workers;

/// <summary>
/// How partitions take turns where their keys do. Each partition lets its own keys take turns by weight, and says what those weigh that have something ready; a
/// worker asks each in proportion to that, wherever it is, so that a key gets its share whoever else lives in its partition. Stride scheduling: each
/// partition has a tag, which every job from there moves on by the less the more its keys weigh, and the lowest goes first. Without keys nothing of this is used.
/// Not thread-safe.
/// </summary>
internal sealed class PartitionTurns(int partitions)
{
    /// <summary>
    /// A partition may be ahead of the others by so much of what its share of all slots is: its reports ask back what they end, as they do without keys, which
    /// spares exchanges. Over the time of a few jobs that is nothing.
    /// </summary>
    private const double Lead = 0.25;

    private readonly int[] _weights = new int[partitions];
    private readonly double[] _tags = new double[partitions];
    private int _weighted;

    /// <summary>The lowest tag of those that were looked at last: whoever comes begins here.</summary>
    private double _now;

    /// <summary>Keys have jobs that may start in some partition.</summary>
    public bool IsOn => _weighted > 0;

    /// <summary>Where it stands: the lowest goes first.</summary>
    public double TagOf(int partition) => _tags[partition];

    /// <summary>Its keys had something ready when it was heard last.</summary>
    public bool Has(int partition) => _weights[partition] > 0;

    /// <summary>Jobs without a key weigh as much as one of weight 1; so does a partition of which nothing is known.</summary>
    public int WeightOf(int partition) => Math.Max(1, _weights[partition]);

    /// <summary>What the keys weigh that have something ready there; 0: none has.</summary>
    public void Weigh(int partition, int weight)
    {
        var was = _weights[partition];
        if (was == weight) return;
        _weighted += Math.Sign(weight) - Math.Sign(was);
        _weights[partition] = weight;
        // Who comes begins with the others: turns are not saved up, and what was taken while nothing was known of it counts for nothing.
        if (was == 0) _tags[partition] = _now;
        if (_weighted == 0) Forget();
    }

    /// <summary>So many jobs have come from there, or are about to; below 0: did not come.</summary>
    public void Gave(int partition, int jobs)
    {
        if (IsOn) _tags[partition] += (double)jobs / WeightOf(partition);
    }

    /// <summary>How many jobs a partition may be asked for.</summary>
    /// <param name="standings">Of all partitions, whether they take part.</param>
    /// <param name="free">Slots that are free.</param>
    /// <param name="slots">All slots, and what may be leased ahead of them.</param>
    /// <param name="reports">Jobs of the partition that have just ended: it is asked for as many where it is not ahead of the others.</param>
    public int Want(int partition, ReadOnlySpan<Standing> standings, int free, int slots, int reports)
    {
        var weight = WeightOf(partition);
        var (all, lightest, lowest, next) = ((long)weight, weight, double.MaxValue, double.MaxValue);
        for (var other = 0; other < standings.Length; other++)
        {
            if (other == partition || standings[other] == Standing.Out) continue;
            all += WeightOf(other);
            lightest = Math.Min(lightest, WeightOf(other));
            lowest = Math.Min(lowest, _tags[other]);
            if (standings[other] == Standing.MayBeAsked) next = Math.Min(next, _tags[other]);
        }

        if (all == weight)
        {
            _now = Math.Max(_now, _tags[partition]);
            return free;
        }

        // Of tags; of jobs these are as many as its weight makes of it. Nobody is behind by more than what all slots would be for it, or one turn of the lightest.
        var round = Math.Max((double)slots / all, 1.0 / lightest);
        var tag = _tags[partition] = Math.Max(_tags[partition], Math.Max(_now, lowest) - round);
        _now = Math.Max(_now, Math.Min(lowest, tag));
        var room = free - Owed(standings, partition, tag, round);
        if (next < double.MaxValue) room = Math.Min(room, Math.Ceiling((next + (Lead * round) - tag) * weight));
        if (room < 1) return 0;
        // Its share of what is free; what it has ended; or what it is behind the others, such as for answers that take longer than theirs.
        var share = Math.Ceiling((double)free * weight / all);
        var behind = Math.Floor((lowest - tag) * weight);
        return (int)Math.Min(Math.Max(share, Math.Max(reports, behind)), Math.Floor(room));
    }

    /// <summary>Slots that stay free for those who stand behind it and whose answers are on their way.</summary>
    private double Owed(ReadOnlySpan<Standing> standings, int partition, double tag, double round)
    {
        var owed = 0.0;
        for (var other = 0; other < standings.Length; other++)
        {
            if (other == partition || standings[other] != Standing.OnItsWay || _tags[other] >= tag) continue;
            owed += Math.Floor(Math.Min(tag - _tags[other], round) * WeightOf(other));
        }

        return owed;
    }

    private void Forget()
    {
        Array.Clear(_tags);
        _now = 0;
    }
}

/// <summary>Whether a partition takes part in the turns.</summary>
internal enum Standing : byte
{
    /// <summary>It has no work, as far as is known, cannot be reached, or is not waited for.</summary>
    Out,
    MayBeAsked,

    /// <summary>It has been asked a moment ago, and has not answered.</summary>
    OnItsWay,
}
