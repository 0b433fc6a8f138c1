namespace OrleansJobs.Records;

/// <summary>Numbers of fields that are left out where a record is read for a list.</summary>
internal static class RecordFields
{
    /// <summary>The arguments, in a <see cref="JobSpec"/>.</summary>
    public const int SpecArgs = 4;

    /// <summary>The result, in a <see cref="JobOutcome"/>.</summary>
    public const int OutcomeResult = 2;

    /// <summary>The bytes of the first field of a number; empty where there is none.</summary>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> record, int field)
    {
        var reader = new RecordReader(record);
        while (reader.Next())
        {
            if (reader.Field == field) return reader.Bytes;
        }

        return [];
    }

    /// <summary>The record without the first field of a number.</summary>
    public static byte[] Without(byte[] record, int field)
    {
        var reader = new RecordReader(record);
        for (var start = 0; reader.Next();)
        {
            var end = record.Length - reader.Left;
            if (reader.Field == field) return [.. record.AsSpan(0, start), .. record.AsSpan(end)];
            start = end;
        }

        return record;
    }
}
