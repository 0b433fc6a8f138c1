namespace OrleansJobs.Diagnostics;

/// <summary>
/// Loses a share of what partitions tell workers one way, as a connection that breaks does. Nothing is lost unless <see cref="FaultSwitch"/> is
/// on and a share is set.
/// </summary>
internal static class LostNotices
{
    private static double _share;

    /// <summary>0: none, 1: all.</summary>
    /// <exception cref="InvalidOperationException">This process may not be made to fail.</exception>
    public static void Lose(double share)
    {
        if (!FaultSwitch.IsOn) throw new InvalidOperationException($"Notices arrive: the switch {FaultSwitch.Name} is off in this process.");
        Volatile.Write(ref _share, share);
    }

    public static bool IsLost() => FaultSwitch.IsOn && Volatile.Read(ref _share) is > 0 and var share && Random.Shared.NextDouble() < share;
}
