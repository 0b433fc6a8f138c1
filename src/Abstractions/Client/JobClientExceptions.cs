namespace OrleansJobs;

/// <summary>A submit breaks a rule. Nothing was stored.</summary>
public sealed class JobRejectedException(IReadOnlyList<SubmissionProblem> problems, Exception? inner = null)
    : Exception("The job was rejected: " + string.Join(" ", problems.Select(problem => $"{problem.Pointer}: {problem.Detail}")), inner)
{
    public IReadOnlyList<SubmissionProblem> Problems { get; } = problems;
}

/// <summary>Another job, with other content, has this id.</summary>
public sealed class JobConflictException(string id) : Exception($"Job '{id}' exists with other content.")
{
    public string Id { get; } = id;
}

/// <summary>Another job has the unique value of this one, which was to be refused then.</summary>
public sealed class JobNotUniqueException(string id) : Exception($"Job '{id}' has the same unique value.")
{
    /// <summary>The one that is there.</summary>
    public string Id { get; } = id;
}

/// <summary>The rate of a key allows no other submit now. Nothing was stored.</summary>
public sealed class KeyRateExceededException(string message, TimeSpan retryAfter) : Exception(message)
{
    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>There is no such job, or no longer.</summary>
public sealed class JobNotFoundException(string id) : Exception($"There is no job '{id}': it was never accepted, was deleted, or its retention is over.")
{
    public string Id { get; } = id;
}

/// <summary>A bound of the grid is reached. Nothing was stored.</summary>
[GenerateSerializer, Alias("oj.overloaded")]
public sealed class GridOverloadedException(string reason, TimeSpan retryAfter) : Exception(reason)
{
    [Id(0)] public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>The grid or its store did not answer in time. What was asked may or may not have happened.</summary>
public sealed class GridUnavailableException(string reason, Exception? inner = null) : Exception(reason, inner);

/// <summary>A job ended without a result. Which way is in the derived type.</summary>
public abstract class JobEndedException(JobStatus status, string message) : Exception(message)
{
    public JobStatus Status { get; } = status;
}

/// <summary>A job failed; <see cref="Error"/> says why.</summary>
public class JobFailedException(JobStatus status)
    : JobEndedException(status, $"Job '{status.Id}' failed ({status.Error?.Code}): {status.Error?.Message}")
{
    public JobError Error => Status.Error!;
}

/// <summary>A job was not started in time.</summary>
public sealed class JobExpiredException(JobStatus status) : JobFailedException(status);

/// <summary>A job was cancelled.</summary>
public sealed class JobCancelledException(JobStatus status) : JobEndedException(status, $"Job '{status.Id}' was cancelled.");
