namespace OrleansJobs;

/// <summary>Schedules in the order of their ids.</summary>
/// <param name="Cursor">Where the next page begins; null: this is the last.</param>
[GenerateSerializer, Immutable, Alias("oj.schedulePage")]
public sealed record SchedulePage([property: Id(0)] ScheduleInfo[] Schedules, [property: Id(1)] string? Cursor)
{
    /// <summary>Asks all partitions, and takes the first of what they have.</summary>
    internal static async Task<SchedulePage> ReadAsync(Func<int, IPartitionSchedules> partition, int partitions, string? cursor, int limit)
    {
        var parts = await Task.WhenAll(Enumerable.Range(0, partitions).Select(number => partition(number).ListSchedules(cursor ?? "", limit, application: null)));
        ScheduleInfo[] all = [.. parts.SelectMany(part => part).OrderBy(schedule => schedule.Id, StringComparer.Ordinal)];
        return all.Length > limit || Array.Exists(parts, part => part.Length == limit) ? new(all[..limit], all[limit - 1].Id) : new(all, null);
    }
}
