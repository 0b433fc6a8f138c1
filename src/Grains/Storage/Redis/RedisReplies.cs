using StackExchange.Redis;

namespace OrleansJobs.Storage;

/// <summary>Reads what the scripts answer. Rows are the client's own arrays, not copied.</summary>
internal static class RedisReplies
{
    /// <param name="parts">Those that are read at an opening, in the order in which they were asked for.</param>
    public static PartitionOpening Opening(RedisResult reply, IReadOnlyList<StorePart> parts)
    {
        var opening = new PartitionOpening((long)reply[1], (long)reply[0] == 1, (long)reply[2]);
        for (var i = 0; i < parts.Count; i++)
        {
            var read = reply[3 + i];
            opening.With(parts[i], parts[i] switch
            {
                RowTable => Pairs(read, static value => (byte[])value!),
                CounterTable => Pairs(read, static value => (long)value),
                OrderedSet => read.Length > 0 ? (long)read[1] : null,
                _ => Summaries(read),
            });
        }

        return opening;
    }

    /// <summary>A list of values for each column, each in the order of the keys.</summary>
    public static StoredRows[] Rows(RedisResult reply)
    {
        var rows = new StoredRows[reply[0].Length];
        for (var i = 0; i < rows.Length; i++) rows[i] = Row(reply, 0, i);
        return rows;
    }

    /// <summary>A page of members and scores, then as many rows as came along.</summary>
    public static PagedLine[] Page(RedisResult reply)
    {
        var page = reply[0];
        var lines = new PagedLine[page.Length / 2];
        var read = reply[1].Length;
        for (var i = 0; i < lines.Length; i++) lines[i] = new((string)page[2 * i]!, (long)page[2 * i + 1], i < read ? Row(reply, 1, i) : null);
        return lines;
    }

    public static LogLine[] Log(RedisResult reply)
    {
        var lines = new LogLine[reply.Length / 2];
        for (var i = 0; i < lines.Length; i++) lines[i] = new((long)reply[2 * i], CompactId.Decode((byte[])reply[2 * i + 1]!));
        return lines;
    }

    /// <param name="columns">Where the columns begin in the reply.</param>
    private static StoredRows Row(RedisResult reply, int columns, int position)
    {
        if ((byte[]?)reply[columns][position] is not { } first) return default;
        var values = new byte[]?[reply.Length - columns];
        values[0] = first;
        for (var column = 1; column < values.Length; column++) values[column] = (byte[]?)reply[columns + column][position];
        return new(values);
    }

    private static SetSummary[] Summaries(RedisResult reply)
    {
        var sets = new SetSummary[reply.Length / 3];
        for (var i = 0; i < sets.Length; i++) sets[i] = new((string)reply[3 * i]!, (long)reply[3 * i + 1], (long)reply[3 * i + 2]);
        return sets;
    }

    private static KeyValuePair<string, T>[] Pairs<T>(RedisResult reply, Func<RedisResult, T> value)
    {
        var pairs = new KeyValuePair<string, T>[reply.Length / 2];
        for (var i = 0; i < pairs.Length; i++) pairs[i] = new((string)reply[2 * i]!, value(reply[2 * i + 1]));
        return pairs;
    }
}
