using System.Globalization;
using OrleansJobs.Tool.Output;

namespace OrleansJobs.Tool.Top;

/// <summary>By what queues and types are sorted.</summary>
internal enum TopOrder
{
    Waiting,
    Running,
    Done,
    Failed,
    Name,
}

/// <summary>How it is looked at.</summary>
/// <param name="Trouble">Why there are no newer figures.</param>
internal sealed record TopView(string Url, TimeSpan Every, TopOrder Order = TopOrder.Waiting, string? Trouble = null);

/// <summary>Makes a frame of figures: never more lines than there are, nor wider ones.</summary>
internal static class Frame
{
    private const int NarrowestName = 12;

    private static readonly Column<Traffic>[] TrafficColumns =
    [
        new("PENDING", one => Words.Of(one.Pending)), new("RUNNING", one => Words.Of(one.Running)), new("DONE/S", one => Rate(one.DonePerSecond)), new("FAILED/S", one => Rate(one.FailedPerSecond)),
        new("IN/S", one => Rate(one.InPerSecond)), new("RUN P50", one => Duration(one.RunP50)), new("RUN P95", one => Duration(one.RunP95)),
    ];

    private static readonly Column<SiloFigures>[] SiloColumns =
    [
        new("BUSY", one => Words.Of(one.Busy)), new("SLOTS", one => Words.Of(one.Slots)), new("PARTITIONS", one => Words.Of(one.Partitions)),
    ];

    public static IReadOnlyList<FrameLine> Render(Figures figures, TopView view, int width, int height)
    {
        if (width < 1 || height < 1) return [];
        var lines = new List<FrameLine> { new($"OrleansJobs  {view.Url}  {figures.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)}  every {Words.Of(view.Every)}", LineStyle.Title) };
        lines.AddRange(Summary(figures, view));
        FrameLine footer = new("q quit   sort by: w waiting  r running  d done  f failed  n name", LineStyle.Faint);
        var room = height - lines.Count - 1;
        Section[] sections =
        [
            Table("QUEUE", Sort(figures.Queues, view.Order), one => one.Name + (one.IsPaused ? " (paused)" : ""), TrafficColumns, _ => "", width),
            Table("TYPE", Sort(figures.Types, view.Order), one => one.Name, TrafficColumns, _ => "", width),
            Table("SILO", figures.Silos, one => one.Name, SiloColumns, Doing, width),
        ];
        foreach (var (section, rows) in sections.Zip(Share([.. sections.Select(section => section.Rows.Count)], room - 2 * sections.Length)))
        {
            // A heading without a row says nothing.
            if (rows == 0) continue;
            lines.Add(new(""));
            lines.Add(new(section.Heading, LineStyle.Heading));
            // Of a single row the first is worth more than how many there are.
            var isCut = section.Rows.Count > rows && rows > 1;
            lines.AddRange(section.Rows.Take(isCut ? rows - 1 : rows));
            if (isCut) lines.Add(new($"  {section.Rows.Count - rows + 1} more", LineStyle.Faint));
        }

        if (lines.Count > height) lines.RemoveRange(height, lines.Count - height);
        if (lines.Count < height)
        {
            while (lines.Count < height - 1) lines.Add(new(""));
            lines.Add(footer);
        }

        return [.. lines.Select((line, i) => line with { Text = i == 0 ? Cells.Fit(Plain.Line(line.Text), width) : Cells.Limit(Plain.Line(line.Text), width) })];
    }

    public static IEnumerable<Traffic> Sort(IEnumerable<Traffic> traffic, TopOrder order) => order switch
    {
        TopOrder.Running => traffic.OrderByDescending(one => one.Running).ThenByDescending(one => one.Pending).ThenBy(one => one.Name, StringComparer.Ordinal),
        TopOrder.Done => traffic.OrderByDescending(one => one.DonePerSecond).ThenByDescending(one => one.Running).ThenBy(one => one.Name, StringComparer.Ordinal),
        TopOrder.Failed => traffic.OrderByDescending(one => one.FailedPerSecond).ThenByDescending(one => one.DonePerSecond).ThenBy(one => one.Name, StringComparer.Ordinal),
        TopOrder.Name => traffic.OrderBy(one => one.Name, StringComparer.Ordinal),
        _ => traffic.OrderByDescending(one => one.Pending).ThenByDescending(one => one.Running).ThenByDescending(one => one.DonePerSecond).ThenBy(one => one.Name, StringComparer.Ordinal),
    };

    /// <summary>What the slots of a silo do: those that are stuck first, then those that have run longest, as the gateway says them.</summary>
    public static string Doing(SiloFigures silo) => string.Join("  ",
    [
        .. silo.IsDraining ? (string[])["draining"] : [],
        .. silo.Stuck > 0 ? (string[])[$"{Words.Of(silo.Stuck)} stuck"] : [],
        .. silo.Jobs.Select(job => $"{job.Type} {(job.IsStuck ? "stuck " : "")}{Words.Of(TimeSpan.FromSeconds(job.RunningSeconds))}"),
    ]);

    public static string Rate(double? perSecond) => perSecond is { } rate ? rate is > 0 and < 0.1 ? "<0.1" : Words.Of((double?)rate) : "";

    public static string Duration(double? seconds) => seconds is not { } value ? "" : value < 1 ? $"{Math.Round(value * 1000)} ms" : Words.Of(TimeSpan.FromSeconds(value));

    private static IEnumerable<FrameLine> Summary(Figures figures, TopView view)
    {
        var oldest = figures.OldestWaitingSeconds > 0 ? $" (oldest {Words.Of(TimeSpan.FromSeconds(figures.OldestWaitingSeconds))})" : "";
        yield return new(
            $"{Words.Of(figures.Backlog)} due{oldest}   {Words.Of(figures.Running)} running in {Words.Of(figures.Slots)} slots   {Rate(figures.InPerSecond)} in and {Rate(figures.DonePerSecond)} done a second");
        if (view.Trouble is { } trouble) yield return new($"These are the last figures: {trouble}", LineStyle.Alarm);
        if (figures.Stuck > 0) yield return new($"{Words.Of(figures.Stuck)} slots are stuck: their handlers do not return", LineStyle.Alarm);
        if (figures.Orphans > 0) yield return new($"{Words.Of(figures.Orphans)} jobs are orphans: nothing would wake them", LineStyle.Alarm);
    }

    private static Section Table<T>(string title, IEnumerable<T> items, Func<T, string> name, Column<T>[] columns, Func<T, string> rest, int width)
    {
        T[] all = [.. items];
        var cells = Array.ConvertAll(columns, column => Array.ConvertAll(all, one => column.Value(one)));
        var widths = columns.Select((column, i) => Math.Max(column.Title.Length, cells[i].Select(Cells.Of).DefaultIfEmpty().Max())).ToArray();
        // The last columns go first where there is no room for all.
        var shown = columns.Length;
        while (shown > 0 && widths.Take(shown).Sum(each => each + 2) + NarrowestName > width) shown--;
        var longest = all.Select(one => Cells.Of(name(one))).Append(title.Length).Max();
        var first = Math.Max(1, Math.Min(longest, width - widths.Take(shown).Sum(each => each + 2)));
        return new(
            Row(title, i => columns[i].Title, ""),
            [.. all.Select((one, row) => new FrameLine(Row(name(one), i => cells[i][row], rest(one))))]);

        string Row(string head, Func<int, string> cell, string tail) =>
            $"{Cells.Fit(head, first)}{string.Concat(Enumerable.Range(0, shown).Select(i => "  " + Cells.Fit(cell(i), widths[i], isRight: true)))}{(tail.Length > 0 ? "  " + tail : "")}";
    }

    /// <summary>Gives each as many rows as it wants, or where there are too few, the same to all that want so many.</summary>
    public static int[] Share(IReadOnlyList<int> wanted, int room)
    {
        var given = new int[wanted.Count];
        for (var left = Math.Min(Math.Max(0, room), wanted.Sum()); left > 0;)
        {
            for (var i = 0; i < given.Length && left > 0; i++)
            {
                if (given[i] == wanted[i]) continue;
                given[i]++;
                left--;
            }
        }

        return given;
    }

    private sealed record Column<T>(string Title, Func<T, string> Value);

    private sealed record Section(string Heading, IReadOnlyList<FrameLine> Rows);
}
