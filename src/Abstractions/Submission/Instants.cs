using System.Globalization;

namespace OrleansJobs;

/// <summary>Instants as RFC 3339 has them: date, time and offset, all three.</summary>
internal static class Instants
{
    public static bool TryParse(string text, out DateTimeOffset instant)
    {
        instant = default;
        return text.Length is >= 20 and <= 35
            && text[10] is 'T' or 't'
            && HasOffset(text)
            && DateTimeOffset.TryParseExact(text.ToUpperInvariant(), "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture,
                DateTimeStyles.AdjustToUniversal, out instant);
    }

    // "K" also takes nothing at all, which would mean the time of wherever the gateway runs.
    private static bool HasOffset(string text) => text[^1] is 'Z' or 'z' || (text[^6] is '+' or '-' && text[^3] == ':');
}
