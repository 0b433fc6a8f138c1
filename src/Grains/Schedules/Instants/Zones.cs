namespace OrleansJobs.Schedules;

/// <summary>Time zones by their IANA names, as this machine's database has them.</summary>
internal static class Zones
{
    /// <exception cref="TimeZoneNotFoundException">There is none of this name.</exception>
    public static TimeZoneInfo Find(string? name)
    {
        if (name is null or "UTC" or "Etc/UTC") return TimeZoneInfo.Utc;
        try
        {
            // A name is no path: '..' and a leading '/' would be looked up as files.
            if (IsName(name) && TimeZoneInfo.FindSystemTimeZoneById(name) is { HasIanaId: true } zone) return zone;
        }
        catch (Exception exception) when (exception is InvalidTimeZoneException or System.Security.SecurityException or UnauthorizedAccessException or IOException)
        {
        }

        throw new TimeZoneNotFoundException($"There is no time zone '{name}' here.");
    }

    private static bool IsName(string name) =>
        name.Length is > 0 and <= 64 && char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '-' or '+');
}
