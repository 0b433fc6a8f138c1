namespace OrleansJobs.Faults.Histories;

/// <summary>A job that the load sent, from the sender's side. Times are <see cref="Monotonic"/> nanoseconds.</summary>
/// <param name="FirstSentAt">When the first try went out: nothing can have accepted it before.</param>
/// <param name="AcceptedAt">When an answer said that it is accepted; null where none did, so that it may exist or not.</param>
/// <param name="NotBefore">No handler may start it before this moment.</param>
/// <param name="Expected">How it may end.</param>
internal sealed record Submitted(string Id, string Type, long FirstSentAt, long? AcceptedAt, long NotBefore, ExpectedEnd Expected);

/// <summary>How a job may end, whatever befalls the grid while it runs.</summary>
internal sealed record ExpectedEnd(string State, string? ErrorCode = null)
{
    public static readonly ExpectedEnd Success = new("SUCCESS");

    /// <summary>Either of several ends is right, such as for a job that is cancelled while it may already be over.</summary>
    public static readonly ExpectedEnd Any = new("*");

    public static ExpectedEnd Failure(string code) => new("FAILURE", code);

    public bool Allows(string state, string? errorCode) =>
        State == "*" || (State == state && (ErrorCode is null || ErrorCode == errorCode));

    public override string ToString() => ErrorCode is null ? State : $"{State} {ErrorCode}";
}
