using System.ComponentModel;
using System.Runtime.InteropServices;

namespace OrleansJobs.Faults.Processes;

/// <summary>Real signals, to processes that this driver started.</summary>
internal enum Signal
{
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}

internal static partial class Signals
{
    private const int NoSuchProcess = 3;

    /// <returns>False where the process is gone already.</returns>
    public static bool Send(int pid, Signal signal)
    {
        if (pid <= 1) throw new ArgumentOutOfRangeException(nameof(pid));
        if (kill(pid, (int)signal) == 0) return true;
        var error = Marshal.GetLastPInvokeError();
        return error == NoSuchProcess ? false : throw new Win32Exception(error);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}
