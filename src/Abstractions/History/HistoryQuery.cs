namespace OrleansJobs;

/// <summary>Into what spans of time history is divided.</summary>
public enum HistoryStep
{
    /// <summary>Kept for two hours.</summary>
    Minute,

    /// <summary>Kept for 30 days.</summary>
    Hour,
}

/// <summary>What history is asked of the grid.</summary>
[GenerateSerializer, Immutable, Alias("oj.historyQuery")]
public sealed record HistoryQuery
{
    /// <summary>From the step that holds this instant on; null: as far back as the step is kept, before <see cref="To"/>.</summary>
    [Id(0)] public DateTimeOffset? From { get; init; }

    /// <summary>Up to this instant, with the step that it lies in; null: now.</summary>
    [Id(1)] public DateTimeOffset? To { get; init; }

    [Id(2)] public HistoryStep Step { get; init; }

    /// <summary>Only jobs of this type; null: of all.</summary>
    [Id(3)] public string? Type { get; init; }

    /// <summary>Only jobs of this queue; null: of all.</summary>
    [Id(4)] public string? Queue { get; init; }
}

/// <summary>The steps that a query asks for: numbers of minutes, or of hours, since 1970.</summary>
/// <param name="First">The first of them.</param>
/// <param name="Last">The last of them; with it there is at least one.</param>
internal readonly record struct HistoryRange(HistoryStep Step, long First, long Last)
{
    /// <summary>Minutes that are kept, the one that goes on included.</summary>
    public const int Minutes = 120;

    /// <summary>Hours that are kept, the one that goes on included.</summary>
    public const int Hours = 720;

    public int Count => (int)(Last - First + 1);

    public static int MostOf(HistoryStep step) => step == HistoryStep.Minute ? Minutes : Hours;

    public static long LengthOf(HistoryStep step) => step == HistoryStep.Minute ? 60_000 : 3_600_000;

    public bool Holds(long step) => step >= First && step <= Last;

    public DateTimeOffset StartOf(long step) => DateTimeOffset.FromUnixTimeMilliseconds(step * LengthOf(Step));

    /// <summary>The steps of a query, by the clock of whoever asks.</summary>
    /// <param name="wrong">The parameter that is wrong, and why; null: none.</param>
    public static HistoryRange Of(HistoryQuery query, DateTimeOffset now, out (string Parameter, string Detail)? wrong)
    {
        wrong = null;
        var most = MostOf(query.Step);
        // Nothing has been counted in what is to come.
        var last = Math.Min(StepOf(now, query.Step), query.To is { } to ? StepBefore(to, query.Step) : long.MaxValue);
        var first = query.From is { } from ? StepOf(from, query.Step) : last - most + 1;
        // Two hours back from any instant but a full minute touch a minute more: it is the part of a step that was asked for.
        if (last - first == most && query.From is { } since && (query.To ?? now) - since <= TimeSpan.FromMilliseconds(most * LengthOf(query.Step))) first++;
        if (last < most) wrong = ("to", "It must be after 1970.");
        else if (first > last) wrong = ("from", "It must be before 'to', and not in the future.");
        else if (last - first >= most) wrong = ("from", $"At most {most} {(query.Step == HistoryStep.Minute ? "minutes" : "hours")} are asked for at a time.");
        return new(query.Step, first, last);
    }

    private static long StepOf(DateTimeOffset instant, HistoryStep step) => (long)Math.Floor(instant.ToUnixTimeMilliseconds() / (decimal)LengthOf(step));

    /// <summary>The last step of which a part lies before an instant.</summary>
    private static long StepBefore(DateTimeOffset instant, HistoryStep step) => (long)Math.Ceiling(instant.ToUnixTimeMilliseconds() / (decimal)LengthOf(step)) - 1;
}
