namespace OrleansJobs.Faults.Scenarios;

/// <summary>A fault, or a row of them, with a name under which it is run.</summary>
/// <param name="Summary">What is done, in a sentence.</param>
/// <param name="RunAsync">Does it, heals it and says what must hold beyond what holds always.</param>
/// <param name="NeedsDisk">It makes a disk of its own, which takes the right to mount.</param>
/// <param name="TakesCount">How often it does so can be said.</param>
/// <param name="NeedsNetwork">It cuts the network between processes, which takes namespaces and the right to make them.</param>
internal sealed record Scenario(string Name, string Summary, Func<FaultRun, Task> RunAsync, bool NeedsNetwork = false, bool NeedsDisk = false, bool TakesCount = false)
{
    /// <summary>What to tell the driver to run it.</summary>
    public string Command { get; init; } = $"run {Name}";
}
