namespace OrleansJobs.Records;

/// <summary>Of <see cref="JobSpec"/> what is said of few jobs. Written while that is made, and never after.</summary>
internal sealed class FewSpec
{
    public long? ExpiresAt { get; set; }
    public long? DeadlineAt { get; set; }
    public RetryPolicy? Retry { get; set; }
    public int? Attempts { get; set; }
    public long? Timeout { get; set; }
    public long? Retention { get; set; }
    public JobDependency[] After { get; set; } = [];
    public bool CancelIfUnmet { get; set; }
    public JobNotice[] Notify { get; set; } = [];
    public int? Weight { get; set; }
    public JobUnique? Unique { get; set; }
    public ScheduledRun? Scheduled { get; set; }
    public string? Owner { get; set; }
    public long? BindingsKnown { get; set; }
}
