namespace OrleansJobs;

/// <summary>What is asked of keys in one partition or in all.</summary>
internal static class KeyQuestions
{
    /// <summary>A key is asked where it lives; the keys of a prefix live anywhere.</summary>
    public static async Task<KeyInfo> GetAsync(Func<int, IPartitionKeys> keys, string name, int partitions)
    {
        var home = JobKeys.PartitionOf(name, partitions);
        if (name.Contains('/')) return await keys(home).GetKey(name);
        var parts = await Task.WhenAll(Enumerable.Range(0, partitions).Select(partition => keys(partition).GetKey(name)));
        return parts[home] with { Waiting = parts.Sum(part => part.Waiting), Running = parts.Sum(part => part.Running), Keys = parts.Sum(part => part.Keys ?? 0) };
    }

    public static async Task<KeyInfo[]> ListAsync(Func<int, IPartitionKeys> keys, string? prefix, int limit, KeyRank rank, int partitions)
    {
        var parts = await Task.WhenAll(Enumerable.Range(0, partitions).Select(partition => keys(partition).ListKeys(prefix, limit, rank)));
        return [.. parts.SelectMany(part => part).OrderByDescending(key => Place(rank, key.Running, key.Waiting)).ThenBy(key => key.Key, StringComparer.Ordinal).Take(limit)];
    }

    /// <summary>How much speaks for listing a key first.</summary>
    public static long Place(KeyRank rank, long running, long waiting) => rank == KeyRank.Busy ? running + waiting : waiting;

    /// <summary>The jobs of one key, which are all in one partition.</summary>
    public static Task<KeyJobs> JobsAsync(Func<int, IPartitionKeys> keys, string key, int limit, int partitions) =>
        keys(JobKeys.PartitionOf(key, partitions)).JobsOfKey(key, limit);
}
