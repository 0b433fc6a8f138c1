using System.Globalization;
using Microsoft.Extensions.Logging;
using OrleansJobs.Diagnostics;

namespace OrleansJobs.Schedules;

/// <summary>
/// Tells whoever runs the grid what schedules do not do: in the log and as figures. Told as it is decided: what is decided anew by another activation, which is rare, is
/// told twice.
/// </summary>
internal sealed partial class ScheduleWatch(int partition, JobMeters meters, ILogger logger)
{
    private long _dropped;
    private int _schedules;
    private (string Id, long Instant) _first;

    /// <summary>The grid has paused a schedule that it cannot serve.</summary>
    public void Broken(string id, string reason) => LogBroken(id, partition, reason);

    /// <summary>An instant was passed over, since occurrences before it had not ended.</summary>
    public void Skipped() => meters.InstantSkipped();

    /// <summary>So many instants from this one on were missed, and are left out by the schedule's rule.</summary>
    public void Dropped(string id, long first, int count)
    {
        meters.InstantsDropped(count);
        if (_schedules++ == 0) _first = (id, first);
        _dropped += count;
    }

    /// <summary>What was due has been served: a line for all of it, since after an outage it may be of each schedule.</summary>
    public void Served()
    {
        if (_schedules == 0) return;
        LogDropped(_dropped, _schedules, partition, _first.Id, DateTimeOffset.FromUnixTimeMilliseconds(_first.Instant).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        (_dropped, _schedules) = (0, 0);
    }

    [LoggerMessage(LogLevel.Warning, "The schedule '{Schedule}' of partition {Partition} cannot be served, and is paused until somebody mends and resumes it: {Reason}")]
    private partial void LogBroken(string schedule, int partition, string reason);

    [LoggerMessage(LogLevel.Warning, "{Instants} instants of {Schedules} schedules of partition {Partition} came too late and are left out, as their rules of what was missed say; the first was of '{Schedule}' at {Instant}")]
    private partial void LogDropped(long instants, int schedules, int partition, string schedule, string instant);
}
