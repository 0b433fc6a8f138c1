using StackExchange.Redis;

namespace OrleansJobs.Storage;

/// <summary>
/// Opens a partition with <c>open.lua</c>, which has to be told the keys of all sets it is to read. What sets there are is known only there: a call that named
/// others than there are does nothing but say so, and the next names those.
/// </summary>
internal sealed class RedisOpening(RedisKeys keys, StoreLayout layout)
{
    /// <summary>The sets change between two calls only while an older activation still commits.</summary>
    private const int MaxCalls = 100;

    private readonly StorePart[] _parts =
        [.. layout.Parts.Where(part => part is RowTable { IsReadAtOpening: true } or OrderedSets { IsReadAtOpening: true } or OrderedSet or CounterTable)];

    /// <param name="run">Runs the script.</param>
    public async Task<PartitionOpening> OpenAsync(int partition, long ticket, long above, Func<RedisKey[], RedisValue[], Task<RedisResult>> run)
    {
        var names = _parts.OfType<OrderedSets>().Select(_ => Array.Empty<string>()).ToArray();
        for (var call = 0; call < MaxCalls; call++)
        {
            var (scriptKeys, arguments) = Arguments(partition, ticket, above, names);
            var reply = await run(scriptKeys, arguments).ConfigureAwait(false);
            if (reply[0].Resp2Type == ResultType.Integer) return RedisReplies.Opening(reply, _parts);
            for (var i = 0; i < names.Length; i++) names[i] = (string[])reply[1 + i]!;
        }

        throw new RedisTimeoutException($"The sets of partition {partition} changed with each call that was to open it.", CommandStatus.Unknown);
    }

    private (RedisKey[] Keys, RedisValue[] Arguments) Arguments(int partition, long ticket, long above, string[][] names)
    {
        var scriptKeys = new List<RedisKey> { keys.Meta(partition) };
        var arguments = new List<RedisValue> { ticket, above };
        var next = 0;
        foreach (var part in _parts)
        {
            arguments.Add(part switch { RowTable => "rows", CounterTable => "counters", OrderedSet => "set", _ => "sets" });
            if (part is not OrderedSets sets)
            {
                scriptKeys.Add(keys.Of(partition, part));
                continue;
            }

            var known = names[next++];
            scriptKeys.Add(keys.NamesOf(partition, part));
            arguments.Add(known.Length);
            foreach (var name in known)
            {
                scriptKeys.Add(keys.Of(partition, sets[name]));
                arguments.Add(name);
            }
        }

        return ([.. scriptKeys], [.. arguments]);
    }
}
