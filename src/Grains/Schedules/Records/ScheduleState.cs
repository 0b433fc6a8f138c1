using System.Collections.Immutable;
using OrleansJobs.Records;

namespace OrleansJobs.Schedules;

/// <summary>How far a schedule has come. All instants are Unix milliseconds.</summary>
internal sealed record ScheduleState
{
    public static readonly ScheduleState None = new();

    /// <summary>All instants up to this one are dealt with.</summary>
    public long Passed { get; init; }

    /// <summary>
    /// The next one; null where none comes any more. Once told it stands: should the rules of its zone change while the grid is away, the new ones count from
    /// the one after it.
    /// </summary>
    public long? Next { get; init; }

    /// <summary>When an edit of the jitter brought instants forward, of which none was due before it; null: there are none of them any more.</summary>
    public long? ForwardAt { get; init; }

    /// <summary>How many have come, where the schedule may have so many.</summary>
    public int Come { get; init; }

    /// <summary>The grid could not serve the next one, and has paused the schedule for it: nobody wanted to be without it.</summary>
    public bool IsUnserved { get; init; }

    /// <summary>
    /// Where somebody has paused it after the grid had: up to here its instants are still to come, and those behind, up to <see cref="LetPassUpTo"/>, are let pass.
    /// Null: there is no such gap.
    /// </summary>
    public long? WantedUpTo { get; init; }

    /// <summary>Null: it has not been resumed since.</summary>
    public long? LetPassUpTo { get; init; }

    /// <summary>The newest occurrences, and whichever has not ended, oldest first.</summary>
    public ImmutableList<StoredRun> Runs { get; init; } = [];

    /// <summary>Occurrences whose jobs have not ended.</summary>
    public int Open => Runs.Count(run => run.Outcome == ScheduleRunOutcome.Open);

    /// <summary>Those of them that the next instant meets. What somebody fills in is of other instants, and beside the row.</summary>
    public int InTheWay => Runs.Count(run => run.IsInTheWay);

    /// <summary>An occurrence has not ended, or waits for those that have not.</summary>
    public bool IsOpen => Runs.Any(run => run.IsOpen);

    /// <summary>An occurrence waits for others to end.</summary>
    public bool HasQueued => Runs.Any(run => run.Outcome == ScheduleRunOutcome.Queued);

    /// <summary>
    /// Those to be shown, newest first: the newest, but where others that have not ended are older, some of these in place of the last ones. What holds a schedule up is
    /// shown, however much was skipped after it.
    /// </summary>
    public StoredRun[] Shown(int most)
    {
        if (Runs.Count <= most) return [.. Runs.Reverse()];
        var isShown = new bool[Runs.Count];
        var left = most;
        for (var i = Runs.Count - 1; i >= 0 && left > most / 2; i--)
        {
            if (!Runs[i].IsOpen) continue;
            isShown[i] = true;
            left--;
        }

        for (var i = Runs.Count - 1; i >= 0 && left > 0; i--)
        {
            if (isShown[i]) continue;
            isShown[i] = true;
            left--;
        }

        return [.. Runs.Where((_, i) => isShown[i]).Reverse()];
    }

    /// <summary>With one more occurrence, and without those that are over, unless they are among the newest.</summary>
    public ScheduleState With(StoredRun run)
    {
        var runs = Runs.Add(run);
        while (runs.Count > ScheduleLimits.KeptRuns && runs.FindIndex(old => !old.IsOpen) is >= 0 and var oldest && oldest < runs.Count - ScheduleLimits.KeptRuns) runs = runs.RemoveAt(oldest);
        return this with { Runs = runs };
    }

    public byte[] Encode()
    {
        var writer = new RecordWriter(64 + 16 * Runs.Count);
        writer.Number(1, Passed);
        writer.Signed(2, Next - Passed);
        writer.Number(3, Come);
        writer.Signed(13, ForwardAt - Passed);
        if (IsUnserved) writer.Number(14, 1);
        writer.Signed(15, WantedUpTo - Passed);
        writer.Signed(16, LetPassUpTo - Passed);
        var before = Passed;
        foreach (var run in Runs)
        {
            // The first field of each; all that follow it are the run's.
            writer.Signed(4, run.Instant - before);
            writer.Number(5, (int)run.Outcome);
            writer.Number(6, (int)run.Cause);
            if (run.SubmittedAt is { } submitted) writer.Signed(7, submitted - run.Instant);
            if (run.StartedAt is { } started) writer.Signed(8, started - run.Instant);
            if (run.FinishedAt is { } finished) writer.Signed(9, finished - run.Instant);
            writer.Text(10, run.Token);
            writer.Signed(11, run.Place);
            if (run.IsCancelSent) writer.Number(12, 1);
            before = run.Instant;
        }

        return writer.ToArray();
    }

    public static ScheduleState Decode(ReadOnlySpan<byte> record)
    {
        long passed = 0, before = 0;
        long? next = null, forward = null, wanted = null, letPass = null;
        var come = 0;
        var isUnserved = false;
        var runs = ImmutableList.CreateBuilder<StoredRun>();
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: before = passed = reader.Number; break;
                case 2: next = reader.Signed; break;
                case 3: come = (int)reader.Number; break;
                case 4: runs.Add(new() { Instant = before += reader.Signed }); break;
                case 5: runs[^1] = runs[^1] with { Outcome = (ScheduleRunOutcome)reader.Number }; break;
                case 6: runs[^1] = runs[^1] with { Cause = (ScheduleRunCause)reader.Number }; break;
                case 7: runs[^1] = runs[^1] with { SubmittedAt = runs[^1].Instant + reader.Signed }; break;
                case 8: runs[^1] = runs[^1] with { StartedAt = runs[^1].Instant + reader.Signed }; break;
                case 9: runs[^1] = runs[^1] with { FinishedAt = runs[^1].Instant + reader.Signed }; break;
                case 10: runs[^1] = runs[^1] with { Token = reader.Text }; break;
                case 11: runs[^1] = runs[^1] with { Place = (int)reader.Signed }; break;
                case 12: runs[^1] = runs[^1] with { IsCancelSent = reader.Number != 0 }; break;
                case 13: forward = reader.Signed; break;
                case 14: isUnserved = reader.Number != 0; break;
                case 15: wanted = reader.Signed; break;
                case 16: letPass = reader.Signed; break;
            }
        }

        return new()
        {
            Passed = passed, Next = passed + next, ForwardAt = passed + forward, Come = come, IsUnserved = isUnserved, WantedUpTo = passed + wanted, LetPassUpTo = passed + letPass,
            Runs = runs.ToImmutable(),
        };
    }
}

/// <summary>What became of one instant.</summary>
internal sealed record StoredRun
{
    public long Instant { get; init; }
    public ScheduleRunOutcome Outcome { get; init; }
    public ScheduleRunCause Cause { get; init; }

    /// <summary>Of one that somebody asked for: what told it from others.</summary>
    public string? Token { get; init; }
    public long? SubmittedAt { get; init; }
    public long? StartedAt { get; init; }
    public long? FinishedAt { get; init; }

    /// <summary>The partition of its job where that has a key; null: the schedule's own.</summary>
    public int? Place { get; init; }

    /// <summary>The partition of its job was told to cancel it.</summary>
    public bool IsCancelSent { get; init; }

    public bool IsOpen => Outcome is ScheduleRunOutcome.Open or ScheduleRunOutcome.Queued;

    /// <summary>It has not ended, and the rule of overlap goes by it.</summary>
    public bool IsInTheWay => Outcome == ScheduleRunOutcome.Open && Cause != ScheduleRunCause.Backfill;

    /// <summary>The same occurrence, whatever has become of it since.</summary>
    public bool IsSame(StoredRun other) => (Instant, Token, Place, SubmittedAt) == (other.Instant, other.Token, other.Place, other.SubmittedAt);

    public bool HasJob => Outcome is ScheduleRunOutcome.Open or ScheduleRunOutcome.Success or ScheduleRunOutcome.Failure or ScheduleRunOutcome.Revoked;
}
