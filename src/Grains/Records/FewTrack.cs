using System.Collections.Immutable;
using OrleansJobs.Workers;

namespace OrleansJobs.Records;

/// <summary>Of <see cref="JobTrack"/> what is said of few jobs.</summary>
internal sealed record FewTrack
{
    public static readonly FewTrack None = new();

    public ImmutableArray<string> Losses { get; init; } = [];
    public Progress Progress { get; init; }
    public string? CancelReason { get; init; }
    public ImmutableArray<WaitReason> WaitsFor { get; init; } = [];
    public int Round { get; init; }
    public int? ToldRound { get; init; }
    public AttemptMarks? Marks { get; init; }
    public long Batch { get; init; }
    public long? DueAt { get; init; }
    public int? Priority { get; init; }
    public string? Queue { get; init; }
    public long? Seat { get; init; }
    public ImmutableArray<JobAttempt> History { get; init; } = [];
    public int Earlier { get; init; }
    public ImmutableArray<JobChangeEntry> Changes { get; init; } = [];
}
