using System.Globalization;
using System.Text;
using OrleansJobs.Records;

namespace OrleansJobs.Schedules;

/// <summary>What a schedule is. All instants are Unix milliseconds.</summary>
internal sealed record ScheduleRecord
{
    public required ScheduleSpec Spec { get; init; }

    /// <summary>Tells it from others that had its id before.</summary>
    public required long Incarnation { get; init; }

    /// <summary>One more with each edit, pause and resume.</summary>
    public int Edition { get; init; } = 1;
    public long CreatedAt { get; init; }
    public long ChangedAt { get; init; }

    /// <summary>Where <see cref="ScheduleSpec.Every"/> counts from.</summary>
    public long Anchor { get; init; }
    public SchedulePause? Paused { get; init; }

    /// <summary>The application whose code declares it, with the release that changed it last.</summary>
    public string? Application { get; init; }
    public string? Release { get; init; }

    public string Version => string.Create(CultureInfo.InvariantCulture, $"{Incarnation:x}-{Edition}");

    public byte[] Encode()
    {
        var spec = Spec;
        var writer = new RecordWriter(spec.Args.Length + 128);
        writer.Text(1, spec.Type);
        if (spec.Queue != JobLimits.DefaultQueue) writer.Text(2, spec.Queue);
        writer.Bytes(3, spec.Args);
        if (spec.Priority != JobLimits.DefaultPriority) writer.Signed(4, spec.Priority);
        foreach (var tag in spec.Tags)
        {
            writer.Text(5, tag.Name);
            writer.Bytes(6, Encoding.UTF8.GetBytes(tag.Value));
        }

        writer.Signed(7, spec.Attempts);
        writer.Signed(8, spec.Timeout);
        writer.Signed(9, spec.Retention);
        writer.Text(10, spec.Cron);
        writer.Signed(11, spec.Every);
        writer.Signed(12, spec.Anchor);
        writer.Text(13, spec.Zone);
        writer.Signed(14, spec.Start);
        writer.Signed(15, spec.End);
        writer.Signed(16, spec.Count);
        writer.Number(17, spec.Jitter);
        writer.Number(18, (int)spec.Overlap);
        writer.Number(19, (int)spec.Missed);
        writer.Signed(20, spec.MissedAfter);
        writer.Signed(21, spec.MissedWithin);
        writer.Text(22, spec.Owner);
        writer.Number(23, Incarnation);
        writer.Number(24, Edition);
        writer.Number(25, CreatedAt);
        writer.Number(26, ChangedAt);
        writer.Signed(27, Anchor);
        if (Paused is { } pause)
        {
            writer.Text(28, pause.By);
            writer.Text(29, pause.Reason);
            writer.Number(30, pause.At.ToUnixTimeMilliseconds());
        }

        writer.Text(31, Application);
        writer.Text(32, Release);
        writer.Signed(33, spec.Deadline);
        writer.Text(34, spec.Key);
        writer.Signed(35, spec.Weight);
        foreach (var notice in spec.Notify)
        {
            writer.Text(36, notice.Url);
            writer.Number(37, (long)notice.On);
        }

        return writer.ToArray();
    }

    public static ScheduleRecord Decode(ReadOnlySpan<byte> record)
    {
        var spec = new ScheduleSpec { Type = "" };
        var schedule = new ScheduleRecord { Spec = spec, Incarnation = 0, Edition = 0 };
        List<JobTag>? tags = null;
        List<JobNotice>? notify = null;
        string tagName = "", pausedBy = "";
        string? pausedFor = null;
        long pausedAt = 0;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: spec = spec with { Type = reader.Text }; break;
                case 2: spec = spec with { Queue = reader.Text }; break;
                case 3: spec = spec with { Args = reader.Bytes.ToArray() }; break;
                case 4: spec = spec with { Priority = (int)reader.Signed }; break;
                case 5: tagName = reader.Text; break;
                case 6: (tags ??= []).Add(new(tagName, reader.Text)); break;
                case 7: spec = spec with { Attempts = (int)reader.Signed }; break;
                case 8: spec = spec with { Timeout = reader.Signed }; break;
                case 9: spec = spec with { Retention = reader.Signed }; break;
                case 10: spec = spec with { Cron = reader.Text }; break;
                case 11: spec = spec with { Every = reader.Signed }; break;
                case 12: spec = spec with { Anchor = reader.Signed }; break;
                case 13: spec = spec with { Zone = reader.Text }; break;
                case 14: spec = spec with { Start = reader.Signed }; break;
                case 15: spec = spec with { End = reader.Signed }; break;
                case 16: spec = spec with { Count = (int)reader.Signed }; break;
                case 17: spec = spec with { Jitter = reader.Number }; break;
                case 18: spec = spec with { Overlap = (ScheduleOverlap)reader.Number }; break;
                case 19: spec = spec with { Missed = (ScheduleMissed)reader.Number }; break;
                case 20: spec = spec with { MissedAfter = reader.Signed }; break;
                case 21: spec = spec with { MissedWithin = reader.Signed }; break;
                case 22: spec = spec with { Owner = reader.Text }; break;
                case 23: schedule = schedule with { Incarnation = reader.Number }; break;
                case 24: schedule = schedule with { Edition = (int)reader.Number }; break;
                case 25: schedule = schedule with { CreatedAt = reader.Number }; break;
                case 26: schedule = schedule with { ChangedAt = reader.Number }; break;
                case 27: schedule = schedule with { Anchor = reader.Signed }; break;
                case 28: pausedBy = reader.Text; break;
                case 29: pausedFor = reader.Text; break;
                case 30: pausedAt = reader.Number; break;
                case 31: schedule = schedule with { Application = reader.Text }; break;
                case 32: schedule = schedule with { Release = reader.Text }; break;
                case 33: spec = spec with { Deadline = reader.Signed }; break;
                case 34: spec = spec with { Key = reader.Text }; break;
                case 35: spec = spec with { Weight = (int)reader.Signed }; break;
                case 36: (notify ??= []).Add(new(reader.Text)); break;
                case 37: notify![^1] = notify[^1] with { On = (NoticeOn)reader.Number }; break;
            }
        }

        if (notify is not null) spec = spec with { Notify = [.. notify] };
        return schedule with
        {
            Spec = tags is null ? spec : spec with { Tags = [.. tags] },
            Paused = pausedAt == 0 ? null : new(pausedBy, pausedFor, DateTimeOffset.FromUnixTimeMilliseconds(pausedAt)),
        };
    }
}
