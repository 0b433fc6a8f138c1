using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrleansJobs.Schedules;

/// <summary>The ids of occurrences' jobs: derived, so that an instant has one job whoever works it out.</summary>
internal static class OccurrenceId
{
    /// <param name="token">Of one that somebody asked for: the same again is the same job.</param>
    /// <param name="partition">The schedule's own, or that of the job's key.</param>
    public static string Of(string schedule, long incarnation, long instant, string? token, int partition, int partitions)
    {
        var when = token is null
            ? DateTimeOffset.FromUnixTimeMilliseconds(instant).UtcDateTime.ToString(instant % 1000 == 0 ? "yyyyMMdd'T'HHmmss" : "yyyyMMdd'T'HHmmssfff", CultureInfo.InvariantCulture)
            : "t" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)).AsSpan(0, 10));
        return JobIds.EndedIn($"{JobIds.DerivedPrefix}{schedule}-{incarnation.ToString("x", CultureInfo.InvariantCulture)}-{when}-", partition, partitions);
    }
}
