using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace OrleansJobs.Gateway.Statuses;

/// <summary>The <c>Prefer</c> header of RFC 7240, as far as it is about waiting. What makes no sense is no preference.</summary>
internal static class Preferences
{
    public const string Header = "Prefer";
    public const string AppliedHeader = "Preference-Applied";
    public const int MaxWaitSeconds = 60;

    /// <summary>How many seconds the client would wait, at most 60; null where it did not say. The first of several counts.</summary>
    public static int? Wait(HttpRequest request)
    {
        if (!request.Headers.TryGetValue(Header, out var values)) return null;
        foreach (var preference in Split(values))
        {
            var separator = preference.IndexOf('=', StringComparison.Ordinal);
            if (separator < 0 || !preference.AsSpan(0, separator).Trim().Equals("wait", StringComparison.OrdinalIgnoreCase)) continue;
            var value = preference.AsSpan(separator + 1).Trim().Trim('"');
            return int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0
                ? Math.Min(seconds, MaxWaitSeconds)
                : null;
        }

        return null;
    }

    // A preference may have parameters after a semicolon; none is defined for waiting.
    private static IEnumerable<string> Split(StringValues values) => values
        .SelectMany(value => (value ?? "").Split(','))
        .Select(preference => preference.Split(';')[0].Trim());
}
