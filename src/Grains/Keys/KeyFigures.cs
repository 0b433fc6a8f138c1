namespace OrleansJobs.Keys;

/// <summary>What a partition tells of its keys, all together: names of keys are anybody's to make up, and no figure is told for one of them.</summary>
/// <param name="Paused">Due jobs that a pause holds back.</param>
/// <param name="Concurrency">Due jobs for which as many run as may.</param>
/// <param name="Rate">Due jobs for which as many have started as may.</param>
/// <param name="Rules">Names with a rule, each told by the partition that decides of it.</param>
/// <param name="Pauses">Names that are paused.</param>
internal readonly record struct KeyFigures(long Paused, long Concurrency, long Rate, long Rules, long Pauses)
{
    public static KeyFigures operator +(KeyFigures x, KeyFigures y) =>
        new(x.Paused + y.Paused, x.Concurrency + y.Concurrency, x.Rate + y.Rate, x.Rules + y.Rules, x.Pauses + y.Pauses);

    /// <summary>By what stands in the book at an instant.</summary>
    public static KeyFigures Of(KeyBook book, Func<string, bool> isOwn, long now)
    {
        var figures = default(KeyFigures);
        foreach (var line in book.Lines)
        {
            if (line.IsOpen) continue;
            var due = line.Lanes.Sum(lane => (long)lane.CountDue(now));
            figures += line.Limits.Hold switch
            {
                KeyHold.Paused => new(due, 0, 0, 0, 0),
                KeyHold.Concurrency => new(0, due, 0, 0, 0),
                KeyHold.Rate => new(0, 0, due, 0, 0),
                _ => default,
            };
        }

        foreach (var name in book.Rules.Names.Where(isOwn))
        {
            if (book.Rules.HasRule(name)) figures = figures with { Rules = figures.Rules + 1 };
            if (book.Rules.Find(name)?.Paused is not null) figures = figures with { Pauses = figures.Pauses + 1 };
        }

        return figures;
    }
}
