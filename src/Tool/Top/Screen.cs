using System.Text;

namespace OrleansJobs.Tool.Top;

/// <summary>Frames on the terminal's other screen, each written over the one before in one go; what was there comes back at the end.</summary>
internal sealed class Screen : IDisposable
{
    // The other screen, without a cursor and without wrapping long lines.
    private const string Enter = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J";
    private const string Leave = "\u001b[?7h\u001b[?25h\u001b[?1049l";

    // Shown at once, where the terminal knows how; others pass it over.
    private const string Begin = "\u001b[?2026h\u001b[H";
    private const string End = "\u001b[J\u001b[?2026l";
    private const string Rest = "\u001b[K";

    private readonly ITerminal _terminal;
    private readonly Lock _lock = new();
    private readonly IDisposable _away;
    private bool _isLeft;

    public Screen(ITerminal terminal)
    {
        _terminal = terminal;
        terminal.Write(Enter);
        // The shell that it is left to has the screen that was there, with a cursor.
        _away = terminal.OnAway(() => Change(isLeft: true), () => Change(isLeft: false));
    }

    public void Draw(IReadOnlyList<FrameLine> lines)
    {
        var text = new StringBuilder(Begin);
        for (var i = 0; i < lines.Count; i++)
        {
            if (i > 0) text.Append("\r\n");
            var (begin, end) = lines[i].Style switch
            {
                LineStyle.Title => ("\u001b[7m", "\u001b[0m"),
                LineStyle.Heading => ("\u001b[1m", "\u001b[0m"),
                LineStyle.Alarm => ("\u001b[1;31m", "\u001b[0m"),
                LineStyle.Faint => ("\u001b[2m", "\u001b[0m"),
                _ => ("", ""),
            };
            text.Append(begin).Append(lines[i].Text).Append(end).Append(Rest);
        }

        lock (_lock)
        {
            // Whoever is back is shown the next one.
            if (!_isLeft) _terminal.Write(text.Append(End).ToString());
        }
    }

    public void Dispose()
    {
        _away.Dispose();
        Change(isLeft: true);
    }

    private void Change(bool isLeft)
    {
        lock (_lock)
        {
            if (_isLeft == isLeft) return;
            _isLeft = isLeft;
            _terminal.Write(isLeft ? Leave : Enter);
        }
    }
}
