using System.Runtime.InteropServices;
using OrleansJobs.Records;

namespace OrleansJobs.Histories;

/// <summary>What is counted of the jobs of one queue and type.</summary>
internal sealed class SeriesCounts
{
    public long Submitted { get; set; }
    public long Succeeded { get; set; }
    public long Failed { get; set; }
    public long Cancelled { get; set; }

    /// <summary>Attempts that failed and were not the last.</summary>
    public long Retried { get; set; }

    /// <summary>Attempts that ended with their silo.</summary>
    public long Lost { get; set; }

    /// <summary>Due and not started, at the end of the time that is counted.</summary>
    public long Waiting { get; set; }
    public DurationHistogram RunTime { get; } = new();
    public DurationHistogram WaitTime { get; } = new();

    /// <summary>How much it is about, for who is told apart.</summary>
    public long Weight => Submitted + Succeeded + Failed + Cancelled + Retried + Lost + Waiting;

    /// <summary>What others counted in the same time, elsewhere.</summary>
    public void AddBeside(SeriesCounts other)
    {
        AddEarlier(other);
        Waiting += other.Waiting;
    }

    /// <summary>What was counted at another time: what waited then says nothing of what waits at the end.</summary>
    public void AddEarlier(SeriesCounts other)
    {
        Submitted += other.Submitted;
        Succeeded += other.Succeeded;
        Failed += other.Failed;
        Cancelled += other.Cancelled;
        Retried += other.Retried;
        Lost += other.Lost;
        RunTime.Add(other.RunTime);
        WaitTime.Add(other.WaitTime);
    }

    public HistoryFigures Figures(long waiting) => new()
    {
        Submitted = Submitted, Succeeded = Succeeded, Failed = Failed, Cancelled = Cancelled, Retried = Retried, Lost = Lost, Waiting = waiting,
        RunTime = DurationsOf(RunTime), WaitTime = DurationsOf(WaitTime),
    };

    public byte[] Encode()
    {
        var writer = new RecordWriter(128);
        WriteTo(ref writer);
        return writer.ToArray();
    }

    public static SeriesCounts Decode(ReadOnlySpan<byte> record)
    {
        var series = new SeriesCounts();
        var reader = new RecordReader(record);
        while (reader.Next()) series.Read(ref reader);
        return series;
    }

    /// <summary>Fields 1 to 9; those above are whoever writes it with others.</summary>
    public void WriteTo(ref RecordWriter writer)
    {
        writer.Number(1, Submitted);
        writer.Number(2, Succeeded);
        writer.Number(3, Failed);
        writer.Number(4, Cancelled);
        writer.Number(5, Retried);
        writer.Number(6, Lost);
        writer.Number(7, Waiting);
        WriteDurations(ref writer, 8, RunTime);
        WriteDurations(ref writer, 9, WaitTime);
    }

    public void Read(ref RecordReader reader)
    {
        switch (reader.Field)
        {
            case 1: Submitted = reader.Number; break;
            case 2: Succeeded = reader.Number; break;
            case 3: Failed = reader.Number; break;
            case 4: Cancelled = reader.Number; break;
            case 5: Retried = reader.Number; break;
            case 6: Lost = reader.Number; break;
            case 7: Waiting = reader.Number; break;
            case 8: RunTime.Read(reader.Bytes); break;
            case 9: WaitTime.Read(reader.Bytes); break;
        }
    }

    private static void WriteDurations(ref RecordWriter writer, int field, DurationHistogram durations)
    {
        if (durations.Count == 0) return;
        var record = new List<byte>(64);
        durations.Write(record);
        writer.Bytes(field, CollectionsMarshal.AsSpan(record));
    }

    private static HistoryDurations DurationsOf(DurationHistogram durations) => new(
        durations.Count, TimeSpan.FromMilliseconds(durations.Quantile(0.5)), TimeSpan.FromMilliseconds(durations.Quantile(0.95)), TimeSpan.FromMilliseconds(durations.Quantile(0.99)));
}
