using System.Globalization;

namespace OrleansJobs.Faults.Histories;

/// <summary>When a schedule is due, worked out without the product's code: of all whole seconds, those that fit. Instants are Unix milliseconds.</summary>
internal abstract record ScheduleInstants
{
    private const long Second = 1000;

    /// <summary>The members of a request that say so.</summary>
    public abstract string Members { get; }

    /// <summary>Those after an instant, up to another.</summary>
    public IEnumerable<long> Between(long after, long upTo)
    {
        for (var instant = Math.DivRem(after, Second, out _) * Second + Second; instant <= upTo; instant += Second)
        {
            if (Has(instant)) yield return instant;
        }
    }

    /// <param name="instant">A whole second.</param>
    protected abstract bool Has(long instant);
}

/// <summary>The multiples of so many seconds.</summary>
internal sealed record EverySeconds(int Seconds) : ScheduleInstants
{
    public override string Members => string.Create(CultureInfo.InvariantCulture, $"\"every\":{Seconds},\"anchor\":\"1970-01-01T00:00:00Z\"");

    protected override bool Has(long instant) => instant % (Seconds * 1000L) == 0;
}

/// <summary>Each so many seconds of every minute, or of each second one, by the clocks of a zone.</summary>
/// <param name="OfMinutes">0: of even ones; 1: of odd ones; null: of all.</param>
internal sealed record CronSeconds(int Step, int? OfMinutes, string Zone) : ScheduleInstants
{
    private static readonly Dictionary<string, TimeZoneInfo> Known = [];

    public override string Members => string.Create(
        CultureInfo.InvariantCulture, $"\"cron\":\"0/{Step} {OfMinutes switch { 0 => "0/2", 1 => "1/2", _ => "*" }} * * * *\",\"zone\":\"{Zone}\"");

    protected override bool Has(long instant)
    {
        var utc = DateTimeOffset.FromUnixTimeMilliseconds(instant);
        return utc.Second % Step == 0 && (OfMinutes is null || utc.ToOffset(Of(Zone).GetUtcOffset(utc)).Minute % 2 == OfMinutes);
    }

    private static TimeZoneInfo Of(string zone)
    {
        lock (Known) return Known.TryGetValue(zone, out var known) ? known : Known[zone] = TimeZoneInfo.FindSystemTimeZoneById(zone);
    }
}
