using StackExchange.Redis;

namespace OrleansJobs.Storage;

/// <summary>Reads what the scripts answer. Records are the client's own arrays, not copied.</summary>
internal static class RedisReplies
{
    public static PartitionOpening Opening(RedisResult reply) => new()
    {
        Existed = (long)reply[0] == 1,
        Generation = (long)reply[1],
        Leases = Pairs(reply[2], static value => (byte[])value!),
        Lanes = Lanes(reply[3]),
        Counts = Pairs(reply[4], static value => (long)value),
        LastStamp = reply[5].IsNull ? 0 : (long)reply[5],
        NextDeadline = reply[6].Length > 0 ? (long)reply[6][1] : null,
    };

    /// <summary>Specs, tracks, leases and outcomes, each in the order of the ids.</summary>
    public static StoredJob?[] Jobs(RedisResult reply)
    {
        var jobs = new StoredJob?[reply[0].Length];
        for (var i = 0; i < jobs.Length; i++) jobs[i] = Job(reply, 0, i);
        return jobs;
    }

    /// <summary>A page of ids and scores, then as many records as came along.</summary>
    public static LaneEntry[] Page(RedisResult reply)
    {
        var page = reply[0];
        var entries = new LaneEntry[page.Length / 2];
        var records = reply[1].Length;
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = new((string)page[2 * i]!, (long)page[2 * i + 1], i < records ? Job(reply, 1, i) : null);
        }

        return entries;
    }

    public static LogEntry[] Log(RedisResult reply)
    {
        var lines = new LogEntry[reply.Length / 2];
        for (var i = 0; i < lines.Length; i++) lines[i] = new((long)reply[2 * i], CompactId.Decode((byte[])reply[2 * i + 1]!));
        return lines;
    }

    private static StoredJob? Job(RedisResult reply, int specs, int position) =>
        (byte[]?)reply[specs][position] is { } spec
            ? new(spec, (byte[]?)reply[specs + 1][position], (byte[]?)reply[specs + 2][position], (byte[]?)reply[specs + 3][position])
            : null;

    private static LaneSummary[] Lanes(RedisResult reply)
    {
        var lanes = new LaneSummary[reply.Length / 3];
        for (var i = 0; i < lanes.Length; i++) lanes[i] = new((string)reply[3 * i]!, (long)reply[3 * i + 1], (long)reply[3 * i + 2]);
        return lanes;
    }

    private static KeyValuePair<string, T>[] Pairs<T>(RedisResult reply, Func<RedisResult, T> value)
    {
        var pairs = new KeyValuePair<string, T>[reply.Length / 2];
        for (var i = 0; i < pairs.Length; i++) pairs[i] = new((string)reply[2 * i]!, value(reply[2 * i + 1]));
        return pairs;
    }
}
