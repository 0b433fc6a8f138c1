using OrleansJobs.Records;

namespace OrleansJobs.Lending;

/// <summary>How limits of queues are stored.</summary>
internal static class QueueLimitSettingRecord
{
    public static byte[] Encode(QueueLimitSetting setting)
    {
        var writer = new RecordWriter(64);
        writer.Number(1, setting.Version);
        writer.Number(2, setting.IsConfigured ? 1 : 0);
        if (setting.Limits is not { } limits) return writer.ToArray();
        writer.Number(3, 1);
        writer.Signed(4, limits.Concurrency);
        if (limits.Rate is not { } rate) return writer.ToArray();
        writer.Number(5, rate.Limit);
        writer.Number(6, rate.Per);
        writer.Number(7, rate.Burst);
        return writer.ToArray();
    }

    public static QueueLimitSetting Decode(ReadOnlySpan<byte> record)
    {
        long version = 0, isConfigured = 0, isAny = 0, limit = 0, per = 0, burst = 0;
        int? concurrency = null;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: version = reader.Number; break;
                case 2: isConfigured = reader.Number; break;
                case 3: isAny = reader.Number; break;
                case 4: concurrency = (int)reader.Signed; break;
                case 5: limit = reader.Number; break;
                case 6: per = reader.Number; break;
                case 7: burst = reader.Number; break;
            }
        }

        var limits = isAny == 0 ? null : new QueueLimits { Concurrency = concurrency, Rate = limit == 0 ? null : new((int)limit, per, (int)burst) };
        return new(version, limits, isConfigured != 0);
    }
}

/// <summary>What one partition has been lent of a queue's limits, as either side books it.</summary>
/// <param name="Version">Of which version of the limits.</param>
/// <param name="Join">Of which generation of the borrower: what was meant for one before it counts no more.</param>
/// <param name="Permits">How many it has.</param>
/// <param name="Asked">How many more it has asked for.</param>
/// <param name="Recalled">How many of them it is to give back.</param>
/// <param name="Idle">How many of them lie idle, as far as the home has been told.</param>
internal sealed record Loan(long Version, long Join, int Permits, int Asked, int Recalled, int Idle = 0)
{
    /// <summary>Nothing of it is with the borrower, or on its way to it.</summary>
    public bool IsNothing => Permits == 0 && Asked == 0 && Recalled == 0;

    public byte[] Encode()
    {
        var writer = new RecordWriter(64);
        writer.Number(1, Version);
        writer.Number(2, Join);
        writer.Number(3, Permits);
        writer.Number(4, Asked);
        writer.Number(5, Recalled);
        writer.Number(6, Idle);
        return writer.ToArray();
    }

    public static Loan Decode(ReadOnlySpan<byte> record)
    {
        long version = 0, join = 0, permits = 0, asked = 0, recalled = 0, idle = 0;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: version = reader.Number; break;
                case 2: join = reader.Number; break;
                case 3: permits = reader.Number; break;
                case 4: asked = reader.Number; break;
                case 5: recalled = reader.Number; break;
                case 6: idle = reader.Number; break;
            }
        }

        return new(version, join, (int)permits, (int)asked, (int)recalled, (int)idle);
    }
}
