using System.Collections.Concurrent;
using StackExchange.Redis;

namespace OrleansJobs.Storage;

/// <summary>
/// Names of the store's keys. All keys of a partition begin with its base, whose braces make a cluster keep them on one node; scripts are given
/// the base and append the rest.
/// </summary>
internal sealed class RedisKeys
{
    private readonly ConcurrentDictionary<int, RedisKey[]> _bases = [];
    private readonly string _service;

    /// <exception cref="ArgumentException">The service's name is empty, or has braces, which would move the hash tag.</exception>
    public RedisKeys(string service)
    {
        if (string.IsNullOrEmpty(service) || service.AsSpan().ContainsAny('{', '}'))
            throw new ArgumentException($"A service id that names Redis keys must not be empty nor contain braces; it is '{service}'.", nameof(service));
        _service = service;
        Grid = [$"oj:{{{service}}}:grid"];
        Types = [$"oj:{{{service}}}:types"];
    }

    public RedisKey[] Grid { get; }

    public RedisKey[] Types { get; }

    /// <summary>The partition's base, as the one key that its scripts take.</summary>
    public RedisKey[] Base(int partition) =>
        _bases.GetOrAdd(partition, static (partition, service) => [$"oj:{{{service}:{partition}}}"], _service);

    public RedisKey Retention(int partition) => Base(partition)[0].Append(":retention");

    public RedisKey Deadlines(int partition) => Base(partition)[0].Append(":deadlines");

    public RedisKey Index(int partition, string index) => Base(partition)[0].Append($":index:{index}");
}
