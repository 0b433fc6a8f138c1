namespace OrleansJobs.Partitions;

/// <summary>How many of something there were in the last minute, by second.</summary>
internal sealed class RateMeter
{
    private const int Seconds = 60;
    private readonly int[] _counts = new int[Seconds];
    private readonly long[] _stamps = new long[Seconds];

    public void Add(long now, int count)
    {
        var second = now / 1000;
        var slot = (int)(second % Seconds);
        if (_stamps[slot] != second) (_stamps[slot], _counts[slot]) = (second, 0);
        _counts[slot] += count;
    }

    public double PerSecond(long now)
    {
        var second = now / 1000;
        var sum = 0L;
        for (var i = 0; i < Seconds; i++)
        {
            if (second - _stamps[i] < Seconds) sum += _counts[i];
        }

        return sum / (double)Seconds;
    }
}
