using System.Text;
using Spectre.Console.Rendering;

namespace OrleansJobs.Tool.Top;

/// <summary>Text in a number of cells of a terminal, where some characters take two.</summary>
internal static class Cells
{
    private const string Cut = "…";

    public static int Of(string text) => text.All(char.IsAscii) ? text.Length : new Segment(text).CellCount();

    /// <summary>No wider than so many; what is left out is marked.</summary>
    public static string Limit(string text, int cells)
    {
        if (cells <= 0) return "";
        if (Of(text) <= cells) return text;
        var (kept, width) = (new StringBuilder(), 0);
        foreach (var rune in text.EnumerateRunes())
        {
            var next = Of(rune.ToString());
            if (width + next > cells - 1) break;
            kept.Append(rune);
            width += next;
        }

        return kept.Append(Cut).ToString();
    }

    /// <summary>So wide.</summary>
    public static string Fit(string text, int cells, bool isRight = false)
    {
        var limited = Limit(text, cells);
        var blanks = new string(' ', Math.Max(0, cells - Of(limited)));
        return isRight ? blanks + limited : limited + blanks;
    }
}
