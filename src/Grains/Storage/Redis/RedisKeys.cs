using System.Collections.Concurrent;
using StackExchange.Redis;

namespace OrleansJobs.Storage;

/// <summary>
/// Names of the store's keys. All keys of a partition begin with its base, whose braces make a cluster keep them on one node. Scripts are given every key that
/// they touch, so that a cluster whose slot is moving refuses them as a whole.
/// </summary>
internal sealed class RedisKeys
{
    private readonly ConcurrentDictionary<(int Partition, StorePart? Part, string Mark), RedisKey> _keys = [];
    private readonly string _service;

    /// <exception cref="ArgumentException">The service's name is empty, or has braces, which would move the hash tag.</exception>
    public RedisKeys(string service)
    {
        if (string.IsNullOrEmpty(service) || service.AsSpan().ContainsAny('{', '}'))
            throw new ArgumentException($"A service id that names Redis keys must not be empty nor contain braces; it is '{service}'.", nameof(service));
        _service = service;
        Grid = $"oj:{{{service}}}:grid";
    }

    public RedisKey Grid { get; }

    public RedisKey Of(GridTable table) => $"oj:{{{_service}}}:{table.Name}";

    /// <summary>The partition's generation, sequence, ticket and last stamp.</summary>
    public RedisKey Meta(int partition) => _keys.GetOrAdd((partition, null, ""), static (key, service) => $"oj:{{{service}:{key.Partition}}}:meta", _service);

    /// <summary>Of a part that is one key.</summary>
    public RedisKey Of(int partition, StorePart part) => Fixed(partition, part, "");

    /// <summary>The set that names what there is of a part: its sets, or its logs.</summary>
    public RedisKey NamesOf(int partition, StorePart part) => Fixed(partition, part, ".names");

    public RedisKey Of(int partition, SetName set) => set.Name.Length == 0 ? Of(partition, set.Part) : Of(partition, set.Part).Append(":" + set.Name);

    public RedisKey Stream(int partition, MergedLogs logs, string name) => Of(partition, logs).Append(":" + name);

    /// <summary>What was moved out of a log's stream.</summary>
    public RedisKey Kept(int partition, MergedLogs logs, string name) => Fixed(partition, logs, ".kept").Append(":" + name);

    // Names of parts have neither points nor colons, so no two of these are the same.
    private RedisKey Fixed(int partition, StorePart part, string mark) =>
        _keys.GetOrAdd((partition, part, mark), static (key, service) => $"oj:{{{service}:{key.Partition}}}:{key.Part!.Name}{key.Mark}", _service);
}
