using Cronos;

namespace OrleansJobs.Schedules;

/// <summary>Cron expressions as people write them.</summary>
internal static class CronText
{
    public const string Example = "'30 2 * * MON-FRI' means half past two on workdays, '0/10 * * * * *' each ten seconds";

    private static readonly char[] Blanks = [' ', '\t'];

    /// <exception cref="CronFormatException">What is wrong, with the field.</exception>
    public static CronExpression Parse(string text)
    {
        if (text.Length > ScheduleLimits.MaxCronLength) throw new CronFormatException($"It has {text.Length} characters; {ScheduleLimits.MaxCronLength} are allowed.");
        var fields = text.Split(Blanks, StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length is not (5 or 6) && !(fields is [['@', ..]]))
            throw new CronFormatException($"It has {fields.Length} fields; five are minute, hour, day of month, month and day of week, and a sixth before them is the second.");
        return CronExpression.Parse(text, fields.Length == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard);
    }
}
