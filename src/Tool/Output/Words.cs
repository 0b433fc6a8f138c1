using System.Globalization;

namespace OrleansJobs.Tool.Output;

/// <summary>Numbers and times as people read them.</summary>
internal static class Words
{
    public static string Of(TimeSpan span) => span switch
    {
        { TotalSeconds: < 10 } => span.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture) + " s",
        { TotalMinutes: < 1 } => $"{(int)span.TotalSeconds} s",
        { TotalHours: < 1 } => $"{(int)span.TotalMinutes} min {span.Seconds} s",
        { TotalDays: < 1 } => $"{(int)span.TotalHours} h {span.Minutes} min",
        _ => $"{(int)span.TotalDays} d {span.Hours} h",
    };

    public static string Of(DateTimeOffset? instant) => instant?.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "";

    public static string Of(long? number) => (number ?? 0).ToString("#,0", CultureInfo.InvariantCulture);

    public static string Of(double? number) => (number ?? 0).ToString("#,0.#", CultureInfo.InvariantCulture);
}
