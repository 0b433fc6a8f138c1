using OrleansJobs.Faults.Histories;
using StackExchange.Redis;

namespace OrleansJobs.Faults.Stores;

/// <summary>
/// Reads what Redis holds without the product's code, from the names of its keys and the bytes of its records.
/// </summary>
/// <param name="service">The grid's name in the store.</param>
internal sealed class RawRedis(Func<IDatabase> database, string service) : IRawStore
{
    public async Task<List<StoreRow>> ReadAsync()
    {
        var redis = database();
        var partitions = (int)await redis.HashGetAsync($"oj:{{{service}}}:grid", "partitions");
        if (partitions == 0) throw new InvalidDataException($"The store has no grid named {service}.");
        var rows = new List<StoreRow>();
        for (var partition = 0; partition < partitions; partition++) await ReadPartitionAsync(redis, $"oj:{{{service}:{partition}}}", rows);
        return rows;
    }

    public async Task<long> CountUnfinishedAsync()
    {
        var redis = database();
        var partitions = (int)await redis.HashGetAsync($"oj:{{{service}}}:grid", "partitions");
        var counts = Enumerable.Range(0, partitions).Select(async partition =>
            await redis.HashLengthAsync($"oj:{{{service}:{partition}}}:jobs") - await redis.HashLengthAsync($"oj:{{{service}:{partition}}}:outcomes"));
        return (await Task.WhenAll(counts)).Sum();
    }

    private static async Task ReadPartitionAsync(IDatabase redis, string key, List<StoreRow> rows)
    {
        var jobs = await redis.HashKeysAsync($"{key}:jobs");
        if (jobs.Length == 0) return;
        var outcomes = (await redis.HashGetAllAsync($"{key}:outcomes")).ToDictionary(entry => entry.Name.ToString(), entry => RawStates.Of(entry.Value!));
        var places = jobs.ToDictionary(job => job.ToString(), _ => new List<string>());
        foreach (var id in outcomes.Keys) PlacesOf(id).Add("outcome");
        foreach (var id in await redis.HashKeysAsync($"{key}:leases")) PlacesOf(id!).Add("lease");
        foreach (var lane in await redis.SetMembersAsync($"{key}:lane.names"))
        {
            foreach (var id in await redis.SortedSetRangeByRankAsync($"{key}:lane:{lane}")) PlacesOf(id!).Add($"lane {lane}");
        }

        rows.AddRange(places.Select(pair => new StoreRow(pair.Key, outcomes.GetValueOrDefault(pair.Key), pair.Value)));

        // A trace of a job whose record is gone is a phantom all the same.
        List<string> PlacesOf(string id) => places.TryGetValue(id, out var known) ? known : places[id] = ["no record"];
    }
}
