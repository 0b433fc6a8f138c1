namespace OrleansJobs;

/// <summary>How much one call carries: so many jobs, and about a megabyte, so that it holds up neither its connection nor its partition for long. A larger job travels alone.</summary>
internal struct BatchSize(int maxJobs)
{
    public const int MaxBytes = 1 << 20;
    private int _jobs;
    private long _bytes;

    public bool TryAdd(JobSubmission job)
    {
        if (_jobs > 0 && (_jobs == maxJobs || _bytes + job.Args.Length > MaxBytes)) return false;
        _jobs++;
        _bytes += job.Args.Length;
        return true;
    }
}
