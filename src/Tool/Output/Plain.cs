using System.Text;

namespace OrleansJobs.Tool.Output;

/// <summary>Text of others as a terminal may show it: what comes from jobs must not move the cursor, change colours or hide what it says.</summary>
internal static class Plain
{
    private const char Replacement = '\ufffd';

    /// <summary>On one line.</summary>
    public static string Line(string? text) => Clean(text, keepLines: false);

    public static string Lines(string? text) => Clean(text, keepLines: true);

    private static string Clean(string? text, bool keepLines)
    {
        if (string.IsNullOrEmpty(text)) return "";
        var clean = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            clean.Append(c switch
            {
                '\n' => keepLines ? '\n' : ' ',
                '\t' or '\r' => ' ',
                _ when char.IsControl(c) || IsDirection(c) => Replacement,
                _ => c,
            });
        }

        return clean.ToString();
    }

    // Marks that turn the direction of what follows, so that it reads as something else.
    private static bool IsDirection(char c) => c is (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069') or '\u200e' or '\u200f' or '\u061c';
}
