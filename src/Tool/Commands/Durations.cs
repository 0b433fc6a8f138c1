using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;

namespace OrleansJobs.Tool.Commands;

/// <summary>Durations as people type them: <c>90</c> (seconds), <c>1.5s</c>, <c>250ms</c>, <c>2h30m</c>, <c>7d</c>.</summary>
internal static partial class Durations
{
    /// <returns>Seconds.</returns>
    public static double? Parse(ArgumentResult result)
    {
        var text = result.Tokens[0].Value;
        if (TryParse(text, out var seconds)) return seconds;
        result.AddError($"'{text}' is no duration: give seconds, or numbers with ms, s, m, h or d, such as 2h30m.");
        return null;
    }

    public static bool TryParse(string text, out double seconds)
    {
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out seconds) && double.IsFinite(seconds)) return true;
        seconds = 0;
        if (!Whole().IsMatch(text)) return false;
        foreach (Match part in Part().Matches(text))
        {
            var number = double.Parse(part.Groups[1].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
            seconds += number * part.Groups[2].Value switch { "ms" => 0.001, "s" => 1, "m" => 60, "h" => 3600, _ => 86400 };
        }

        return true;
    }

    [GeneratedRegex(@"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$")]
    private static partial Regex Whole();

    [GeneratedRegex(@"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")]
    private static partial Regex Part();
}
