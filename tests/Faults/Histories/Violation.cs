namespace OrleansJobs.Faults.Histories;

/// <summary>A promise that was broken.</summary>
/// <param name="Rule">One of <see cref="Rules"/>.</param>
internal sealed record Violation(string Rule, string Id, string Detail)
{
    public override string ToString() => $"{Rule}: {Id}: {Detail}";
}

/// <summary>The names of what the checker checks.</summary>
internal static class Rules
{
    public const string Lost = "lost";
    public const string Unfinished = "unfinished";
    public const string WrongEnd = "wrong-end";
    public const string Disagreement = "disagreement";
    public const string Phantom = "phantom";
    public const string TerminalChanged = "terminal-changed";
    public const string VersionWentBack = "version-went-back";
    public const string TokenWentBack = "token-went-back";
    public const string TokenTwice = "token-twice";
    public const string StaleAccepted = "stale-accepted";
    public const string UnexplainedRepeat = "unexplained-repeat";
    public const string Early = "early";

    /// <summary>A scenario's own condition, beyond what holds for every history.</summary>
    public const string Scenario = "scenario";
}
