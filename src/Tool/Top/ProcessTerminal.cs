using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace OrleansJobs.Tool.Top;

/// <summary>The terminal that this process was started from.</summary>
internal sealed class ProcessTerminal : ITerminal
{
    private ChannelReader<char>? _pressed;

    // Without it nothing is told of.
    private PosixSignalRegistration? _resizing;

    public (int Width, int Height) Size
    {
        get
        {
            try
            {
                return (Console.WindowWidth, Console.WindowHeight);
            }
            catch (IOException)
            {
                return (80, 24);
            }
        }
    }

    public ChannelReader<char> Pressed => _pressed ??= Listen();

    public void Write(string text)
    {
        Console.Out.Write(text);
        Console.Out.Flush();
    }

    private ChannelReader<char> Listen()
    {
        // Whoever presses keys while nobody looks at them means the newest.
        var keys = Channel.CreateBounded<char>(new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropOldest });
        if (!OperatingSystem.IsWindows()) _resizing = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => keys.Writer.TryWrite(TopKeys.Resized));
        if (Console.IsInputRedirected) return keys.Reader;
        // Reading a key cannot be cancelled: a thread of its own, which ends with the process.
        new Thread(() =>
        {
            try
            {
                while (true) keys.Writer.TryWrite(Console.ReadKey(intercept: true).KeyChar);
            }
            catch (Exception exception) when (exception is InvalidOperationException or IOException)
            {
                // The terminal is gone, or is none any more: it goes on without keys.
            }
        }) { IsBackground = true, Name = "keys" }.Start();
        return keys.Reader;
    }
}
