using System.Collections.Concurrent;
using OrleansJobs.Diagnostics;
using OrleansJobs.Faults.Processes;

namespace OrleansJobs.Faults.Silos;

/// <summary>Ends this process, as a kill does, at the n-th pass of a crash point.</summary>
internal static class CrashPoints
{
    private static readonly ConcurrentDictionary<string, int> Passes = [];
    private static volatile string? _armed;
    private static int _left;

    public static IReadOnlyDictionary<string, int> Hits => Passes;

    public static void Watch() => CrashPoint.Listen(name =>
    {
        Passes.AddOrUpdate(name, 1, (_, passes) => passes + 1);
        if (_armed == name && Interlocked.Decrement(ref _left) == 0) Signals.Send(Environment.ProcessId, Signal.Kill);
    });

    /// <param name="hit">1: at its next pass.</param>
    public static void Arm(string point, int hit)
    {
        Volatile.Write(ref _left, hit);
        _armed = point;
    }
}
