using OrleansJobs.Storage;

namespace OrleansJobs.Tests.Storage;

/// <summary>
/// What the tests of stores keep: parts of every kind, two of those that could be mistaken for each other, under names that mean nothing. The last of them
/// have higher ordinals than a commit expects.
/// </summary>
internal static class TestLayout
{
    public static readonly StoreLayout Layout = new();

    public static readonly GridTable Shared = Layout.GridRows("shared");
    public static readonly GridTable Common = Layout.GridRows("common");

    public static readonly RowTable Heads = Layout.Rows("heads");
    public static readonly RowTable Bodies = Layout.Rows("bodies");
    public static readonly RowTable Tails = Layout.Rows("tails");
    public static readonly RowTable Marks = Layout.Rows("marks", readAtOpening: true);

    /// <summary>The first three tables, whole.</summary>
    public static readonly RowRead Whole = new(Heads, Bodies, Tails);

    public static readonly OrderedSet Ranks = Layout.Set("ranks");
    public static readonly OrderedSet Turns = Layout.Set("turns");

    public static readonly OrderedSets Told = Layout.Sets("told", readAtOpening: true);
    public static readonly OrderedSets Shown = Layout.Sets("shown", readAtOpening: true);
    public static readonly OrderedSets Quiet = Layout.Sets("quiet");

    public static readonly CounterTable Numbers = Layout.Counters("numbers");
    public static readonly CounterTable Tallies = Layout.Counters("tallies");
    public static readonly MergedLogs Lines = Layout.Logs("lines");
    public static readonly MergedLogs Notes = Layout.Logs("notes");
}
