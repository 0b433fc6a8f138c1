namespace OrleansJobs.Histories;

/// <summary>Counts, seven bits a byte, lowest first: nearly all of them are small.</summary>
internal static class HistoryNumbers
{
    public static void Write(List<byte> record, long count)
    {
        var rest = (ulong)count;
        while (rest >= 0x80)
        {
            record.Add((byte)(rest | 0x80));
            rest >>= 7;
        }

        record.Add((byte)rest);
    }

    public static long Read(ref ReadOnlySpan<byte> record)
    {
        var count = 0UL;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (record.IsEmpty) throw new InvalidDataException("A row of history ends within a number.");
            var next = record[0];
            record = record[1..];
            count |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80) return (long)count;
        }

        throw new InvalidDataException("A row of history has a number of more than 64 bits.");
    }
}
