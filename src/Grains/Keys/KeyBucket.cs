using OrleansJobs.Records;

namespace OrleansJobs.Keys;

/// <summary>
/// How much of a rate is used up, exactly: in whole numbers, of which one start takes <see cref="Per"/> and a millisecond gives back <see cref="Limit"/>. In any
/// window start at most the burst and the limit for each period of the window. A value; all instants are Unix milliseconds.
/// </summary>
/// <param name="At">The instant that <paramref name="Used"/> is of.</param>
internal readonly record struct KeyBucket(long At, long Used, int Limit, long Per)
{
    /// <summary>Starts since then were counted, as starts of this rate; 0: none has been yet.</summary>
    public long Since { get; init; }

    /// <summary>Nothing is used up.</summary>
    public static KeyBucket Of(KeyRate rate) => new(0, 0, rate.Limit, rate.Per);

    /// <summary>How many may start now.</summary>
    public int Left(KeyRate rate, long now)
    {
        var used = Until(now).As(rate).Used;
        return (int)Math.Max(0, (rate.Burst * rate.Per - used) / rate.Per);
    }

    /// <summary>When the next one may start; now or before: at once.</summary>
    public long Next(KeyRate rate, long now)
    {
        var bucket = Until(now).As(rate);
        var over = bucket.Used - (rate.Burst - 1) * rate.Per;
        return over <= 0 ? now : bucket.At + (over + rate.Limit - 1) / rate.Limit;
    }

    /// <summary>One has started.</summary>
    public KeyBucket Take(KeyRate rate, long now)
    {
        var bucket = Until(now).As(rate);
        return bucket with { Used = bucket.Used + bucket.Per, Since = bucket.Since == 0 ? now : bucket.Since };
    }

    /// <summary>
    /// Starts that never were are given back, as far as time has not: of what one of them took, what came back since may have let others start.
    /// </summary>
    /// <param name="since">The instant of the bucket when the first of them was taken.</param>
    public KeyBucket GiveBack(int starts, long since)
    {
        var back = (Int128)starts * Per - (Int128)(At - since) * Limit;
        return back <= 0 || since > At ? this : this with { Used = (long)Int128.Max(0, Used - back) };
    }

    /// <summary>The same at a later instant. A clock that went back gives nothing.</summary>
    public KeyBucket Until(long now)
    {
        if (now <= At) return this;
        if (Used == 0) return this with { At = now };
        var passed = now - At;
        return this with { At = now, Used = passed >= Used / Limit + 1 ? 0 : Math.Max(0, Used - passed * Limit) };
    }

    /// <summary>What is used up, by another rate: as many starts, rounded up.</summary>
    public KeyBucket As(KeyRate rate)
    {
        if (rate.Limit == Limit && rate.Per == Per) return this;
        var used = ((Int128)Used * rate.Per + Per - 1) / Per;
        return new(At, (long)Int128.Min(used, (Int128)KeyRate.MaxLimit * rate.Per), rate.Limit, rate.Per) { Since = At };
    }

    /// <summary>
    /// What was stored, as another activation may go on with it: its clock may be ahead of the one that wrote it by as much as clocks may differ, so that much time
    /// gives nothing. Where the rule has changed meanwhile, the slower of the two counts.
    /// </summary>
    public KeyBucket Reopened(KeyRate rate, long now, long tolerance)
    {
        var slower = (Int128)Limit * rate.Per <= (Int128)rate.Limit * Per ? this : As(rate);
        return slower.Until(Math.Max(At, now - tolerance)).As(rate) with { At = now, Since = rate.Limit == Limit && rate.Per == Per ? Since : now };
    }

    public byte[] Encode()
    {
        var writer = new RecordWriter(64);
        writer.Number(1, At);
        writer.Number(2, Used);
        writer.Number(3, Limit);
        writer.Number(4, Per);
        writer.Number(5, Since);
        return writer.ToArray();
    }

    public static KeyBucket Decode(ReadOnlySpan<byte> record)
    {
        long at = 0, used = 0, limit = 1, per = 1, since = long.MaxValue;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: at = reader.Number; break;
                case 2: used = reader.Number; break;
                case 3: limit = reader.Number; break;
                case 4: per = reader.Number; break;
                case 5: since = reader.Number; break;
            }
        }

        // One that a build without it has written does not say what it has counted.
        return new(at, used, (int)limit, per) { Since = since == long.MaxValue ? at : since };
    }
}
