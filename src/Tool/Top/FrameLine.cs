namespace OrleansJobs.Tool.Top;

internal enum LineStyle
{
    Plain,
    Title,
    Heading,
    Alarm,
    Faint,
}

/// <summary>A line of a frame: no wider than it, and without anything that moves a cursor.</summary>
internal readonly record struct FrameLine(string Text, LineStyle Style = LineStyle.Plain);
