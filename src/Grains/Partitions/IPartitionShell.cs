using OrleansJobs.Hosting;
using OrleansJobs.Letters;
using OrleansJobs.Storage;

namespace OrleansJobs.Partitions;

/// <summary>What the rooms of a partition need of its grain: memory, store, and turns. All of it in the turns of the grain.</summary>
internal interface IPartitionShell
{
    int Partition { get; }
    PartitionCore Core { get; }
    CommitLoop Commits { get; }
    IPartitionStore Store { get; }
    JobGridOptions Options { get; }
    TimeProvider Time { get; }
    long Now { get; }

    /// <summary>False: nothing may be decided by the clock.</summary>
    bool IsClockRight { get; }

    /// <summary>Submits from outside are refused, since the store is nearly full.</summary>
    bool IsStoreFull { get; }

    /// <summary>Hands letters to another partition; done when they are stored there.</summary>
    Task DeliverAsync(int receiver, LetterBatch letters);

    /// <summary>Whether there is such a job, in whichever partition.</summary>
    Task<bool> ExistsAsync(string id);

    /// <summary>Jobs of a partition as they are stored, without results; null where there is none. At most <see cref="FlowGraph.MaxJobs"/>.</summary>
    Task<JobStatus?[]> GetListedAsync(int partition, string[] ids);

    /// <summary>A fresh number that tells something from others that had its name.</summary>
    long NewIncarnation();

    /// <summary>Done when all changes made so far are in the store; a time-out where that takes longer than a submit waits.</summary>
    Task CommittedInTimeAsync();

    /// <summary>A job that the caller has pinned, with its record in memory; null where there is none.</summary>
    Task<LiveJob?> BringAsync(string id);

    /// <summary>What the grain of a job keeps of it is forgotten.</summary>
    Task ForgetStateAsync(string id);

    /// <summary>Done after a while.</summary>
    Task PauseAsync(TimeSpan span);

    /// <summary>Gives out what has become ready, and commits what nobody waits for.</summary>
    void Pump();

    /// <summary>Work that nobody waits for; what fails is tried again until it is done or this activation is over.</summary>
    void Background(Func<Task> work, string what);

    /// <summary>A job that runs is to be cancelled: its worker is told once that is stored.</summary>
    void TellCancelled(LiveJob job);

    /// <summary>Something has come for a job that runs: its worker is told, unless that is lost.</summary>
    void TellNews(LiveJob job);
}
