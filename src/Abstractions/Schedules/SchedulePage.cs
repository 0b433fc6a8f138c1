namespace OrleansJobs;

/// <summary>Schedules in the order of their ids.</summary>
/// <param name="Cursor">Where the next page begins; null: this is the last.</param>
[GenerateSerializer, Immutable, Alias("oj.schedulePage")]
public sealed record SchedulePage([property: Id(0)] ScheduleInfo[] Schedules, [property: Id(1)] string? Cursor)
{
    /// <summary>Asks all partitions, and takes the first of what they have.</summary>
    internal static async Task<SchedulePage> ReadAsync(Func<int, IPartitionSchedules> partition, int partitions, string? cursor, int limit)
    {
        var parts = await Task.WhenAll(Enumerable.Range(0, partitions).Select(number => partition(number).ReadSchedules(cursor ?? "", limit)));
        // Behind what one of them has told there may be more of it, which comes before what the others have told beyond that.
        var upTo = parts.Select(part => part.UpTo).OfType<string>().Min(StringComparer.Ordinal);
        ScheduleInfo[] all = [.. parts.SelectMany(part => part.Schedules).Where(schedule => upTo is null || string.CompareOrdinal(schedule.Id, upTo) <= 0).OrderBy(schedule => schedule.Id, StringComparer.Ordinal)];
        return all.Length > limit ? new(all[..limit], all[limit - 1].Id) : new(all, upTo);
    }
}
