namespace OrleansJobs.Keys;

/// <summary>What keeps a key's jobs from starting.</summary>
internal enum KeyHold : byte
{
    None,
    Paused,
    Concurrency,
    Rate,
}

/// <summary>What the rule of a key allows at an instant: a pure function of the rule, the attempts that count, and the rate's state.</summary>
/// <param name="Room">How many may start now.</param>
/// <param name="Hold">Why none may, where that is so.</param>
/// <param name="Next">Where the rate alone holds them: when one may start.</param>
internal readonly record struct KeyLimits(int Room, KeyHold Hold, long? Next)
{
    public static readonly KeyLimits Open = new(int.MaxValue, KeyHold.None, null);

    public static KeyLimits Of(KeyRule? rule, bool isPaused, int running, KeyBucket bucket, long now)
    {
        if (isPaused) return new(0, KeyHold.Paused, null);
        if (rule is null) return Open;
        var room = rule.Concurrency is { } most ? most - running : int.MaxValue;
        if (room <= 0) return new(0, KeyHold.Concurrency, null);
        if (rule.Rate is not { Rejects: false } rate) return new(room, KeyHold.None, null);
        var left = bucket.Left(rate, now);
        return left <= 0 ? new(0, KeyHold.Rate, bucket.Next(rate, now)) : new(Math.Min(room, left), KeyHold.None, null);
    }
}
