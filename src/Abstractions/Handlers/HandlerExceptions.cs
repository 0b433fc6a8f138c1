namespace OrleansJobs;

/// <summary>Thrown by a handler: run this job again after a while. Uses up no attempt.</summary>
public sealed class RetryLaterException(TimeSpan delay, string? reason = null)
    : Exception(reason ?? "The handler asked to be run again later.")
{
    public TimeSpan Delay { get; } = delay;
}

/// <summary>Thrown by a handler: this job cannot succeed; fail it now, whatever attempts are left.</summary>
/// <param name="code">What the job's error has as its code: one of <see cref="JobErrorCodes"/>, or a word of the handler's own, at most 64 characters. Null: <c>error</c>.</param>
public sealed class GiveUpException(string message, Exception? inner = null, string? code = null) : Exception(message, inner)
{
    public string Code { get; } = code is null ? JobErrorCodes.Error : code.Length <= JobLimits.MaxNameLength ? code : code[..JobLimits.MaxNameLength];
}

/// <summary>This attempt is over as far as the grid is concerned: a newer one may be running. What it reports is refused.</summary>
public sealed class JobAttemptStaleException(string id, long token)
    : Exception($"Attempt with token {token} of job '{id}' is stale: a newer one exists or the job has ended.");
