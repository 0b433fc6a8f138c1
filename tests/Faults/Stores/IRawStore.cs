using OrleansJobs.Faults.Histories;

namespace OrleansJobs.Faults.Stores;

/// <summary>What a store holds, read without the product's code.</summary>
internal interface IRawStore
{
    Task<List<StoreRow>> ReadAsync();

    /// <summary>Jobs that have been accepted and have not ended.</summary>
    Task<long> CountUnfinishedAsync();
}

/// <summary>A job's state is field 1 of its outcome, a varint.</summary>
internal static class RawStates
{
    private static readonly string[] States = ["PENDING", "PROGRESS", "SUCCESS", "FAILURE", "REVOKED"];

    public static string Of(byte[] outcome)
    {
        // The tag of field 1 with wire type 0 is 8, and a state fits one byte.
        if (outcome.Length < 2 || outcome[0] != 8 || outcome[1] >= States.Length) throw new InvalidDataException("A stored outcome does not begin with its state.");
        return States[outcome[1]];
    }
}
