using OrleansJobs.Records;

namespace OrleansJobs.Lending;

/// <summary>What a queue's home has decided of its limits, as it tells the others.</summary>
internal static class QueueSettingLetter
{
    public static byte[] Encode(string queue, QueueLimitSetting setting)
    {
        var writer = new RecordWriter(128);
        writer.Text(1, queue);
        writer.Bytes(2, QueueLimitSettingRecord.Encode(setting));
        return writer.ToArray();
    }

    public static (string Queue, QueueLimitSetting Setting) Decode(ReadOnlySpan<byte> body)
    {
        var (queue, setting) = ("", new QueueLimitSetting(0, null, false));
        var reader = new RecordReader(body);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: queue = reader.Text; break;
                case 2: setting = QueueLimitSettingRecord.Decode(reader.Bytes); break;
            }
        }

        return (queue, setting);
    }
}

/// <summary>What a partition and a queue's home say to each other of permits.</summary>
/// <param name="Partition">The borrower.</param>
/// <param name="Version">Of which version of the limits; what is of another counts no more.</param>
/// <param name="Join">Under which number the borrower speaks: it takes another when it opens, and when it wants no more what it has asked for.</param>
/// <param name="Joins">Of a borrower that begins anew: how many attempts it has, which it counts as permits from now on; null: it goes on.</param>
/// <param name="More">To the home: so many more are asked for. From it: so many more are lent.</param>
/// <param name="Less">To the home: so many are given back, or where it joins, are to be given back when they come free. From it: so many are to be given back.</param>
internal sealed record QueueWord(string Queue, int Partition, long Version, long Join, int? Joins, int More, int Less)
{
    /// <summary>To the home: so many of its permits lie idle, and others may have them.</summary>
    public int Idle { get; init; }

    /// <summary>To the home: so many starts that were lent by a rate have lapsed.</summary>
    public int Lapsed { get; init; }

    /// <summary>From the home: when it lent them. To it: when it lent the first of those that have lapsed.</summary>
    public LendingInstant Lent { get; init; }

    public byte[] Encode()
    {
        var writer = new RecordWriter(128);
        writer.Text(1, Queue);
        writer.Number(2, Partition);
        writer.Number(3, Version);
        writer.Number(4, Join);
        writer.Signed(5, Joins);
        writer.Number(6, More);
        writer.Number(7, Less);
        writer.Number(8, Idle);
        writer.Number(9, Lapsed);
        writer.Number(10, Lent.At);
        writer.Number(11, Lent.Home);
        return writer.ToArray();
    }

    public static QueueWord Decode(ReadOnlySpan<byte> body)
    {
        var queue = "";
        long partition = 0, version = 0, join = 0, more = 0, less = 0, idle = 0, lapsed = 0, at = 0, home = 0;
        int? joins = null;
        var reader = new RecordReader(body);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: queue = reader.Text; break;
                case 2: partition = reader.Number; break;
                case 3: version = reader.Number; break;
                case 4: join = reader.Number; break;
                case 5: joins = (int)reader.Signed; break;
                case 6: more = reader.Number; break;
                case 7: less = reader.Number; break;
                case 8: idle = reader.Number; break;
                case 9: lapsed = reader.Number; break;
                case 10: at = reader.Number; break;
                case 11: home = reader.Number; break;
            }
        }

        return new(queue, (int)partition, version, join, joins, (int)more, (int)less) { Idle = (int)idle, Lapsed = (int)lapsed, Lent = new(at, home) };
    }
}
