namespace OrleansJobs.Records;

/// <summary>What an attempt did on its way, as bytes.</summary>
internal static class MarksRecord
{
    public static byte[] Encode(AttemptMarks marks)
    {
        var writer = new RecordWriter(32);
        writer.Number(1, marks.ReportedAt?.ToUnixTimeMilliseconds() ?? 0);
        writer.Number(2, marks.CheckpointAt?.ToUnixTimeMilliseconds() ?? 0);
        writer.Number(3, marks.Checkpoints);
        return writer.ToArray();
    }

    public static AttemptMarks Decode(ReadOnlySpan<byte> record)
    {
        long reported = 0, saved = 0, checkpoints = 0;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: reported = reader.Number; break;
                case 2: saved = reader.Number; break;
                case 3: checkpoints = reader.Number; break;
            }
        }

        return new(Instant(reported), Instant(saved), (int)checkpoints);
    }

    private static DateTimeOffset? Instant(long milliseconds) => milliseconds == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
