using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace OrleansJobs.Tool.Top;

/// <summary>The terminal that this process was started from.</summary>
internal sealed class ProcessTerminal : ITerminal
{
    // Whoever presses keys while nobody looks at them means the newest.
    private readonly Channel<char> _keys = Channel.CreateBounded<char>(new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropOldest });
    private bool _isHeard;

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

    public ChannelReader<char> Pressed
    {
        get
        {
            if (!_isHeard) Listen();
            _isHeard = true;
            return _keys.Reader;
        }
    }

    public void Write(string text)
    {
        Console.Out.Write(text);
        Console.Out.Flush();
    }

    public IDisposable OnAway(Action away, Action back)
    {
        if (OperatingSystem.IsWindows()) return new Registrations([]);
        return new Registrations(
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTSTP, signal =>
            {
                away();
                // Whoever hears of it is not stopped by it any more, and has to see to that.
                signal.Cancel = true;
                using var stop = Process.Start("/bin/sh", ["-c", $"kill -STOP {Environment.ProcessId}"]);
            }),
            PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ =>
            {
                back();
                // What is drawn anew, whatever the size is.
                _keys.Writer.TryWrite(TopKeys.Resized);
            }),
        ]);
    }

    private void Listen()
    {
        if (!OperatingSystem.IsWindows()) _resizing = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => _keys.Writer.TryWrite(TopKeys.Resized));
        if (Console.IsInputRedirected) return;
        // Reading a key cannot be cancelled: a thread of its own, which ends with the process.
        new Thread(() =>
        {
            try
            {
                while (true) _keys.Writer.TryWrite(Console.ReadKey(intercept: true).KeyChar);
            }
            catch (Exception exception) when (exception is InvalidOperationException or IOException)
            {
                // The terminal is gone, or is none any more: it goes on without keys.
            }
        }) { IsBackground = true, Name = "keys" }.Start();
    }

    private sealed class Registrations(PosixSignalRegistration[] all) : IDisposable
    {
        public void Dispose()
        {
            foreach (var one in all) one.Dispose();
        }
    }
}
