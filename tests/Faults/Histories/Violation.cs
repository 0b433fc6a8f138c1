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

    /// <summary>A flow was given something else under a name than before.</summary>
    public const string MemoryChanged = "memory-changed";

    /// <summary>A flow was given what no step, child or sender has said.</summary>
    public const string MadeUp = "made-up";

    /// <summary>A step ran again although the flow had its result.</summary>
    public const string StepAgain = "step-again";

    /// <summary>A flow went on behind a join of which a child had not ended.</summary>
    public const string JoinEarly = "join-early";

    /// <summary>Two jobs stand in the same place of one flow: what follows a join, or belongs to one, was started twice.</summary>
    public const string ChildTwice = "child-twice";

    /// <summary>A flow has taken a signal twice, or never, or out of turn.</summary>
    public const string SignalLost = "signal-lost";
    public const string SignalTwice = "signal-twice";
    public const string SignalOrder = "signal-order";

    /// <summary>A job ran before what it waited for had ended, or although that did not end as it asked.</summary>
    public const string FollowedEarly = "followed-early";
    public const string FollowedWrongly = "followed-wrongly";

    /// <summary>A child of a flow that was deleted is still there.</summary>
    public const string LeftBehind = "left-behind";

    /// <summary>More attempts of a key ran at a time, or started in a window, than its rule allows.</summary>
    public const string KeyLimit = "key-limit";
    public const string KeyRate = "key-rate";

    /// <summary>Jobs of a key started out of order.</summary>
    public const string KeyOrder = "key-order";

    /// <summary>Two jobs had one unique value.</summary>
    public const string UniqueTwice = "unique-twice";

    /// <summary>A tenant's single job waited while those of one with very many were started, for longer than turns take.</summary>
    public const string TenantStarved = "tenant-starved";

    /// <summary>An event has no job of a binding that was there, or one of a binding that was not, or two of one.</summary>
    public const string BindingMissed = "binding-missed";
    public const string BindingGone = "binding-gone";
    public const string EventTwice = "event-twice";

    /// <summary>A job of a canvas came to something else than it must, or was given something else than what came of those that it follows.</summary>
    public const string CanvasWrong = "canvas-wrong";

    /// <summary>One action has changed a job twice, or has left one out that fitted from its beginning.</summary>
    public const string ActedTwice = "acted-twice";
    public const string NotActed = "not-acted";

    /// <summary>A scenario's own condition, beyond what holds for every history.</summary>
    public const string Scenario = "scenario";

    /// <summary>Of a schedule, each due instant is served once and never early, or missed as its rule says, and it is as it was told to be.</summary>
    public const string Schedule = "schedule";
}
