namespace OrleansJobs.Faults.Histories;

/// <summary>What one reader was told of one job over HTTP.</summary>
/// <param name="AskedAt">When it was asked for, in <see cref="Monotonic"/> nanoseconds.</param>
/// <param name="At">When the answer was there.</param>
/// <param name="Content">For a finished job, a digest of every byte that was answered.</param>
/// <param name="ResultToken">The token that the handler wrote into its result; null where there is none.</param>
internal readonly record struct Reading(
    string Reader, string Id, long AskedAt, long At, long Version, string State, string? ErrorCode, string? Content, long? ResultToken)
{
    public bool IsTerminal => State is "SUCCESS" or "FAILURE" or "REVOKED";
}

/// <summary>What the store's own bytes say of one job.</summary>
/// <param name="Places">Where it was found, such as <c>outcome</c>, <c>lease</c> or <c>lane</c>; a finished job is in one place only.</param>
internal readonly record struct StoreRow(string Id, string? State, IReadOnlyList<string> Places);
