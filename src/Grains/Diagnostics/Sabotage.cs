namespace OrleansJobs.Diagnostics;

/// <summary>What keeps the promises, one by one. A test turns one off, or two of which each covers for the other, and shows that its scenarios notice.</summary>
[Flags]
internal enum Safeguard
{
    None = 0,

    /// <summary>A partition refuses what an attempt says that no longer holds the job's lease.</summary>
    Fence = 1,

    /// <summary>The store refuses the commit of a partition that has been opened elsewhere since.</summary>
    GenerationCheck = 2,

    /// <summary>The leases of a dead silo are given out again.</summary>
    Redelivery = 4,

    /// <summary>A submit is answered as accepted when the store has acknowledged it, not before.</summary>
    StoreAcknowledgement = 8,

    /// <summary>A silo that stood still asks whether it was given up before it answers from memory, and so ends before its handlers report.</summary>
    Standstill = 16,

    /// <summary>What was told one way and has had no answer is told again.</summary>
    Retelling = 32,

    /// <summary>The generation of an opening is not below the time, so that a store which lost openings gives no token twice.</summary>
    TokenFloor = 64,

    /// <summary>A silo goes by a time that its clock and the store's agree on, and decides nothing by the clock while they do not.</summary>
    ClockCheck = 128,

    /// <summary>A job is convicted of killing its silo when it was alone there, not because it was near when silos were lost.</summary>
    Trial = 256,

    /// <summary>A commit to a file counts when it is on the disk.</summary>
    Sync = 512,

    /// <summary>A letter that has been applied is known by its number, so that it is not applied again.</summary>
    LetterMarks = 1024,

    /// <summary>A letter is stored with what causes it, and carried when both are.</summary>
    LetterCommit = 2048,

    /// <summary>A flow that is about to wait looks whether what it waits for has come.</summary>
    ParkCheck = 4096,

    /// <summary>A session takes reports of its own leases only.</summary>
    SessionLeases = 8192,

    /// <summary>An occurrence of a schedule and the schedule that has moved on are stored in one commit.</summary>
    OccurrenceInCommit = 16384,

    /// <summary>Whether another job has a unique value is looked up, in the rows that are stored with jobs.</summary>
    UniqueIndex = 32768,

    /// <summary>A partition that opens counts the leases that it finds as permits of their keys.</summary>
    KeyPermits = 65536,

    /// <summary>The jobs of an event have ids that follow from the event's, so that publishing it again finds them.</summary>
    EventIds = 131072,

    /// <summary>A partition publishes nothing without the bindings of the version that it has stored.</summary>
    KnownBindings = 262144,

    /// <summary>What a queue's home lends is booked in the commit of the letter that lends it.</summary>
    LoanInCommit = 524288,

    /// <summary>A silo that does not answer is declared dead at once only where its address refuses connections, to two silos and twice.</summary>
    RefusalCheck = 1048576,

    /// <summary>Keys with jobs that may start take turns.</summary>
    FairTurns = 2097152,

    /// <summary>A job keeps which action has changed it, in the commit of that change, so that the action does not change it again.</summary>
    ActionMarks = 4194304,
}

/// <summary>Turns a safeguard off in a process whose <see cref="FaultSwitch"/> is on; in every other, all are on and this is nothing.</summary>
internal static class Sabotage
{
    private static volatile Safeguard _off;

    public static bool IsOff(Safeguard safeguard) => FaultSwitch.IsOn && (_off & safeguard) != 0;

    /// <exception cref="InvalidOperationException">This process may not be sabotaged.</exception>
    public static void TurnOff(Safeguard safeguard)
    {
        if (!FaultSwitch.IsOn) throw new InvalidOperationException($"Safeguards stay on: the switch {FaultSwitch.Name} is off in this process.");
        _off = safeguard;
    }
}
