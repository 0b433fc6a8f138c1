namespace OrleansJobs.Keys;

/// <summary>What becomes of a submit whose unique value another job has: a pure function.</summary>
internal static class UniqueRules
{
    public enum Verdict
    {
        Return,
        Reject,

        /// <summary>The other one is cancelled, and the submit is taken.</summary>
        Replace,
    }

    /// <param name="hasStarted">An attempt of the one that is there has begun, or it has ended.</param>
    public static Verdict Of(UniqueOn on, bool hasStarted) => on switch
    {
        UniqueOn.Reject => Verdict.Reject,
        UniqueOn.Replace or UniqueOn.Debounce when !hasStarted => Verdict.Replace,
        _ => Verdict.Return,
    };

    /// <summary>Whether a holder has its value still.</summary>
    public static bool Holds(UniqueHolder holder, bool isOver, long now) => holder.FreeAt is { } free ? now < free : !isOver;

    /// <summary>When a submit is due that takes another's place.</summary>
    /// <param name="due">When it would be due by itself; null: it says nothing of that.</param>
    /// <param name="since">When the first of those was submitted that pushed each other back.</param>
    public static long DueOf(JobUnique unique, long? due, long replaced, long since, long now) => unique.On == UniqueOn.Debounce
        ? Math.Max(now, unique.Longest is { } longest ? Math.Min(due ?? now, since + longest) : due ?? now)
        : due ?? Math.Max(now, replaced);
}
