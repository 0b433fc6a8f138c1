namespace OrleansJobs.Diagnostics;

/// <summary>
/// Places between two writes, each with a name, at which a test may end the process. They do nothing unless <see cref="FaultSwitch"/> is on
/// and somebody listens.
/// </summary>
internal static class CrashPoint
{
    private static volatile Action<string>? _listener;

    /// <param name="name">Of the moment, such as <c>partition.commit.after</c>; a constant.</param>
    public static void Hit(string name)
    {
        if (FaultSwitch.IsOn) _listener?.Invoke(name);
    }

    /// <summary>Called on every hit, on the thread that hits; must return at once, or never.</summary>
    public static void Listen(Action<string> listener) => _listener = listener;
}
