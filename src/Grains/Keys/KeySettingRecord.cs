using OrleansJobs.Records;

namespace OrleansJobs.Keys;

/// <summary>How it is stored what is said of a key or a prefix.</summary>
internal static class KeySettingRecord
{
    public static byte[] Encode(KeySetting setting)
    {
        var writer = new RecordWriter(64);
        writer.Number(1, setting.Version);
        if (setting.Rule is { } rule)
        {
            writer.Number(2, 1);
            writer.Signed(3, rule.Concurrency);
            writer.Number(4, (int)rule.Order);
            writer.Signed(5, rule.Weight);
            if (rule.Rate is { } rate)
            {
                writer.Number(6, rate.Limit);
                writer.Number(7, rate.Per);
                writer.Number(8, rate.Burst);
                writer.Number(9, rate.Rejects ? 1 : 0);
            }
        }

        if (setting.Paused is { } pause)
        {
            writer.Signed(10, pause.Since.ToUnixTimeMilliseconds());
            writer.Text(11, pause.By);
            writer.Text(12, pause.Reason);
        }

        return writer.ToArray();
    }

    public static KeySetting Decode(ReadOnlySpan<byte> record)
    {
        long version = 0, hasRule = 0, order = 0, limit = 0, per = 0, burst = 0, rejects = 0;
        long? since = null;
        int? concurrency = null, weight = null;
        string by = "";
        string? reason = null;
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: version = reader.Number; break;
                case 2: hasRule = reader.Number; break;
                case 3: concurrency = (int)reader.Signed; break;
                case 4: order = reader.Number; break;
                case 5: weight = (int)reader.Signed; break;
                case 6: limit = reader.Number; break;
                case 7: per = reader.Number; break;
                case 8: burst = reader.Number; break;
                case 9: rejects = reader.Number; break;
                case 10: since = reader.Signed; break;
                case 11: by = reader.Text; break;
                case 12: reason = reader.Text; break;
            }
        }

        var rule = hasRule == 0 ? null : new KeyRule
        {
            Concurrency = concurrency, Order = (KeyOrder)order, Weight = weight,
            Rate = limit == 0 ? null : new((int)limit, per, (int)burst, rejects != 0),
        };
        return new(version, rule, since is { } at ? new(by, DateTimeOffset.FromUnixTimeMilliseconds(at), reason) : null);
    }
}
