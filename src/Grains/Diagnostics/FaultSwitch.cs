namespace OrleansJobs.Diagnostics;

/// <summary>
/// Whether this process may be made to fail on purpose. Only the runtimeconfig of the fault driver's own executable says so; in every other
/// process it is a constant false, which the compiler takes out together with what asks for it.
/// </summary>
internal static class FaultSwitch
{
    public const string Name = "OrleansJobs.Faults";

    public static readonly bool IsOn = AppContext.TryGetSwitch(Name, out var on) && on;
}
