using OrleansJobs.Storage;

namespace OrleansJobs.Schedules;

/// <summary>What is kept of schedules. What stands in the rows is known to <c>Schedules/Records</c>.</summary>
internal sealed class ScheduleTables(StoreLayout layout)
{
    /// <summary>The list of all schedules.</summary>
    public const string AllList = "all";

    /// <summary>The list of those that the grid has paused, since it cannot serve them.</summary>
    public const string UnservedList = "unserved";

    /// <summary>What a schedule is, by its id; changes with each edit.</summary>
    public RowTable Records { get; } = layout.Rows("schedules");

    /// <summary>How far it has come and what became of its occurrences; changes with each instant.</summary>
    public RowTable States { get; } = layout.Rows("schedulestates");

    /// <summary>Those with occurrences that have not ended: memory holds them, so that an end finds what it concerns.</summary>
    public RowTable Open { get; } = layout.Rows("scheduleopen", readAtOpening: true);

    /// <summary>When they are due next.</summary>
    public OrderedSet Due { get; } = layout.Set("scheduledue");

    /// <summary>Lists in the order of ids, all with the score 0: of all schedules, of those that the grid cannot serve, and of those that an application declares.</summary>
    public OrderedSets Lists { get; } = layout.Sets("schedulelists", readAtOpening: true);

    /// <summary>The highest release of each application that has declared schedules.</summary>
    public RowTable Releases { get; } = layout.Rows("schedulereleases", readAtOpening: true);

    /// <summary>The list of those that an application declares.</summary>
    public static string ListOf(string application) => $"of:{application}";
}
