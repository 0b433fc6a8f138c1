namespace OrleansJobs.Faults.Histories;

/// <summary>Something done to the system, and until when.</summary>
/// <param name="Kind">In a word, such as <c>kill</c>.</param>
/// <param name="Target">The process it was done to: a silo's life such as <c>s2#3</c>, <c>redis</c>, <c>gateway</c>.</param>
/// <param name="From"><see cref="Monotonic"/> nanoseconds.</param>
/// <param name="To">When it was over; <see cref="long.MaxValue"/> for a process that never came back.</param>
/// <param name="ExplainsRepeats">Jobs that ran on the target may run again. False for faults that must disturb nobody.</param>
internal sealed record FaultWindow(string Kind, string Target, long From, long To, bool ExplainsRepeats);
