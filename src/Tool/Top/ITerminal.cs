using System.Threading.Channels;

namespace OrleansJobs.Tool.Top;

/// <summary>A terminal that can be drawn on.</summary>
internal interface ITerminal
{
    (int Width, int Height) Size { get; }

    /// <summary>Keys as they are pressed, and <see cref="TopKeys.Resized"/> where the size has become another.</summary>
    ChannelReader<char> Pressed { get; }

    void Write(string text);

    /// <summary>Tells when the shell has it for a while (Ctrl+Z), before it does, and when it is back.</summary>
    IDisposable OnAway(Action away, Action back);
}

/// <summary>What is pressed beside letters.</summary>
internal static class TopKeys
{
    public const char Resized = '\0';
}
