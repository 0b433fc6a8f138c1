using System.Text.RegularExpressions;
using OrleansJobs.Workers;

namespace OrleansJobs.Failures;

/// <summary>
/// Names of code as they stay from build to build: without line numbers, without what compilers generate, without type arguments. Failures whose type and whose topmost frames of the handler's own
/// code have the same names are taken for failures of one cause, whatever their messages say. Pure.
/// </summary>
internal static partial class PlaceText
{
    public const int MaxLength = 256;

    /// <summary>Characters of a line that are looked at: some patterns take time by the square of them.</summary>
    private const int MaxLine = 512;

    /// <summary>Frames that make a place.</summary>
    private const int Frames = 3;

    /// <param name="type">The exception's type, or whatever else names the kind of failure.</param>
    /// <param name="frames">Names of the handler's frames, the innermost first.</param>
    public static string Of(string type, IEnumerable<string> frames)
    {
        var place = string.Join(" < ", frames.Where(static frame => frame.Length > 0).Take(Frames));
        return ExceptionText.Clip(place.Length == 0 ? type : $"{type} at {place}", MaxLength)!;
    }

    /// <summary>The same from a trace that was sent as text, one frame a line and the innermost first.</summary>
    public static string OfText(string? type, string? trace) =>
        Of(type ?? "error", (trace ?? "").Split('\n').Select(static line => NameOf(line.Trim())).Where(static line => line.Length > 0));

    /// <summary>The name of a method, as a trace says it.</summary>
    /// <param name="type">Its type's full name.</param>
    public static string NameOf(string type, string method)
    {
        // An async or an iterator's method runs as that of a class that is called after it: Import+<RunAsync>d__5.MoveNext.
        var parts = type.Split('+');
        var outer = Plain(parts[0][(parts[0].LastIndexOf('.') + 1)..]);
        var name = Plain(method);
        for (var i = parts.Length - 1; i > 0; i--)
        {
            if (Generated().Match(parts[i]) is { Success: true } generated)
            {
                if (generated.Groups[1].Length > 0) name = Named(generated.Groups[1].Value, generated.Groups[2].Value);
            }
            else outer = $"{outer}.{Plain(parts[i])}";
        }

        if (Generated().Match(name) is { Success: true } inner) name = Named(inner.Groups[1].Value, inner.Groups[2].Value);
        return name.Length == 0 ? outer : $"{outer}.{name}";
    }

    /// <summary>A line of a trace without where in its file it is.</summary>
    private static string NameOf(string line)
    {
        if (line.Length > MaxLine) line = line[..MaxLine];
        var name = Where().Replace(line, "");
        return Numbers().Replace(name.StartsWith("at ", StringComparison.Ordinal) ? name[3..] : name, "#").Trim();
    }

    /// <summary>A local function is called after itself, too: <c>&lt;Run&gt;g__Load|5_0</c>.</summary>
    private static string Named(string method, string rest) => Local().Match(rest) is { Success: true } local ? $"{method.TrimStart('<')}.{local.Groups[1].Value}" : method.TrimStart('<');

    private static string Plain(string name) => TypeArguments().Replace(name, "");

    [GeneratedRegex(@"^<([^>]*)>(.*)$")]
    private static partial Regex Generated();

    [GeneratedRegex(@"^g__([^|]+)\|")]
    private static partial Regex Local();

    [GeneratedRegex(@"`\d+|\[[^\]]*\]")]
    private static partial Regex TypeArguments();

    [GeneratedRegex(@"\s+\([^()]*:\d+\)$|,? line \d+|:\d+(:\d+)?(?=\)?$)")]
    private static partial Regex Where();

    [GeneratedRegex(@"0x[0-9a-fA-F]+|\b\d+\b")]
    private static partial Regex Numbers();
}
