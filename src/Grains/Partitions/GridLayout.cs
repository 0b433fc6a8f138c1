using OrleansJobs.Dependencies;
using OrleansJobs.Errands;
using OrleansJobs.Flows;
using OrleansJobs.Histories;
using OrleansJobs.Keys;
using OrleansJobs.Lending;
using OrleansJobs.Letters;
using OrleansJobs.Logs;
using OrleansJobs.Schedules;
using OrleansJobs.Storage;
using OrleansJobs.Topics;

namespace OrleansJobs.Partitions;

/// <summary>All that the grid keeps: what each book of a partition has asked for, and the grid's own. The one place that a new book is added to.</summary>
internal static class GridLayout
{
    public static readonly StoreLayout Layout = new();

    public static readonly JobTables Jobs = new(Layout);
    public static readonly LetterTables Letters = new(Layout);
    public static readonly ErrandTables Errands = new(Layout);
    public static readonly DependencyTables Dependencies = new(Layout);
    public static readonly FlowTables Flows = new(Layout);

    public static readonly ScheduleTables Schedules = new(Layout);
    public static readonly KeyTables Keys = new(Layout);
    public static readonly TopicTables Topics = new(Layout);
    public static readonly QueueLimitTables QueueLimits = new(Layout);
    public static readonly HistoryTables History = new(Layout);
    public static readonly LogTables Logs = new(Layout);
    public static readonly StuckTables Stuck = new(Layout);

    /// <summary>What silos say of job types, for those who ask while no silo knows them.</summary>
    public static readonly GridTable Types = Layout.GridRows("types");
}
