using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Submitting;

/// <summary>What a submit says, as read from its JSON; null where it says nothing.</summary>
internal sealed class SubmitRequest
{
    public string? Id { get; set; }
    public string? Type { get; set; }
    public string? Queue { get; set; }
    public int? Priority { get; set; }
    public long? Countdown { get; set; }
    public long? Eta { get; set; }
    public long? ExpiresAfter { get; set; }
    public long? ExpiresAt { get; set; }
    public long? DeadlineAfter { get; set; }
    public long? DeadlineAt { get; set; }
    public int? Attempts { get; set; }
    public long? Timeout { get; set; }
    public long? Retention { get; set; }
    public JobTag[] Tags { get; set; } = [];

    public JobDependency[] After { get; set; } = [];
    public bool CancelIfUnmet { get; set; }
    public JobNotice[] Notify { get; set; } = [];
    public string? Key { get; set; }
    public int? Weight { get; set; }
    public JobUnique? Unique { get; set; }

    /// <summary>Where the arguments stand in the body; null where there are none.</summary>
    public Range? Args { get; set; }

    /// <summary>What is wrong with it.</summary>
    public List<ProblemError> Errors { get; } = [];

    public void Wrong(string pointer, string detail)
    {
        if (Errors.Count < Problem.MaxErrors) Errors.Add(new(pointer, detail));
    }
}
