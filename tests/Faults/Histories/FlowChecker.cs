namespace OrleansJobs.Faults.Histories;

/// <summary>All that was seen of flows while a scenario ran.</summary>
internal sealed class FlowHistory
{
    public List<FlowPlan> Plans { get; } = [];
    public List<FlowMark> Marks { get; } = [];

    /// <summary>Of the children, as of all jobs.</summary>
    public List<RunMark> Runs { get; } = [];
    public List<FaultWindow> Faults { get; } = [];

    /// <summary>What each flow that succeeded was answered to have come to.</summary>
    public Dictionary<string, FlowEnd> Ends { get; } = [];
}

/// <summary>
/// Holds what was seen of flows against the promises: each result is used once, each join goes on once and when all of it has ended, each signal is taken once.
/// Pure, as <see cref="HistoryChecker"/> is, which the children are held against as any job is.
/// </summary>
internal static class FlowChecker
{
    public static List<Violation> Check(FlowHistory history)
    {
        var violations = new List<Violation>();
        var plans = history.Plans.ToDictionary(plan => plan.Id);
        var returned = history.Runs.Where(run => run.Kind == RunMarkKind.Returned).ToLookup(run => run.Id);
        var explaining = history.Faults.Where(fault => fault.ExplainsRepeats).ToLookup(fault => fault.Target);
        foreach (var flow in history.Marks.GroupBy(mark => mark.Flow))
        {
            if (!plans.TryGetValue(flow.Key, out var plan))
            {
                violations.Add(new(Rules.Phantom, flow.Key, "is a flow that ran, but nobody submitted it"));
                continue;
            }

            var marks = flow.OrderBy(mark => mark.At).ToList();
            var children = CheckChildren(plan, marks, violations);
            CheckSteps(plan.Id, marks, explaining, violations);
            CheckGiven(plan, marks, children, returned, violations);
            CheckSignals(plan, marks, violations);
        }

        foreach (var plan in history.Plans)
        {
            if (history.Ends.TryGetValue(plan.Id, out var end)) CheckEnd(plan, end, history.Marks, violations);
        }

        return violations;
    }

    /// <summary>The children that ran, as if they had been sent: each is held against what holds for every job.</summary>
    public static IEnumerable<Submitted> ChildrenOf(IEnumerable<FlowMark> marks, Func<FlowMark, ExpectedEnd> expected) => marks
        .Where(mark => mark.Kind == FlowMarkKind.Child)
        .GroupBy(mark => mark.Job)
        .Select(child => child.MinBy(mark => mark.At))
        .Select(mark => new Submitted(mark.Job, "part", FirstSentAt: 0, AcceptedAt: mark.At, NotBefore: 0, expected(mark)));

    /// <returns>The jobs by their place in the flow.</returns>
    private static Dictionary<(string Name, int Index), string> CheckChildren(FlowPlan plan, List<FlowMark> marks, List<Violation> violations)
    {
        var children = new Dictionary<(string, int), string>();
        foreach (var mark in marks.Where(mark => mark.Kind == FlowMarkKind.Child))
        {
            if (!plan.HasChild(mark.Name, mark.Index)) violations.Add(new(Rules.Phantom, mark.Job, $"ran as {mark.Name}/{mark.Index} of flow {plan.Id}, which has no such child"));
            else if (!children.TryAdd((mark.Name, mark.Index), mark.Job) && children[(mark.Name, mark.Index)] != mark.Job)
                violations.Add(new(Rules.ChildTwice, plan.Id, $"has {children[(mark.Name, mark.Index)]} and {mark.Job} as {mark.Name}/{mark.Index}"));
        }

        return children;
    }

    /// <summary>A step runs again only where its silo was lost before its result was stored.</summary>
    private static void CheckSteps(string flow, List<FlowMark> marks, ILookup<string, FaultWindow> explaining, List<Violation> violations)
    {
        foreach (var step in marks.Where(mark => mark.Kind == FlowMarkKind.Ran).GroupBy(mark => mark.Name))
        {
            var runs = step.ToList();
            var given = marks.FindIndex(mark => mark.Kind == FlowMarkKind.Given && mark.Name == step.Key);
            if (given >= 0 && runs[^1].At > marks[given].At)
                violations.Add(new(Rules.StepAgain, flow, $"ran {step.Key} on {runs[^1].Silo} though it had been given its result on {marks[given].Silo}"));
            foreach (var (before, after) in runs.Zip(runs.Skip(1)))
            {
                if (!explaining[before.Silo].Any(fault => fault.From <= after.At && fault.To >= before.At))
                    violations.Add(new(Rules.UnexplainedRepeat, flow, $"ran {step.Key} on {before.Silo} and again on {after.Silo}, and nothing was done to {before.Silo}"));
            }
        }
    }

    /// <summary>Whatever a flow goes on with is the same in every run, and has been said by whoever had to say it.</summary>
    private static void CheckGiven(
        FlowPlan plan, List<FlowMark> marks, Dictionary<(string Name, int Index), string> children, ILookup<string, RunMark> returned, List<Violation> violations)
    {
        foreach (var name in marks.Where(mark => mark.Kind == FlowMarkKind.Given).GroupBy(mark => mark.Name))
        {
            var first = name.First();
            foreach (var other in name.Where(mark => mark.Value != first.Value).Take(1))
                violations.Add(new(Rules.MemoryChanged, plan.Id, $"was given {first.Value} as {name.Key} on {first.Silo}, and {other.Value} on {other.Silo}"));
            if (Enumerable.Range(1, plan.Steps).Any(number => FlowPlan.Group(number) == name.Key)) CheckJoin(plan, first, children, returned, violations);
            else if (children.TryGetValue((name.Key, -1), out var child))
            {
                if (!returned[child].Any(run => Text(run.Token) == first.Value && run.At <= first.At))
                    violations.Add(new(Rules.MadeUp, plan.Id, $"was given {first.Value} as {name.Key}, which {child} has not returned"));
            }
            else if (!plan.Signals.Contains(first.Value) && !marks.Any(mark => mark.Kind == FlowMarkKind.Ran && mark.Name == name.Key && mark.Value == first.Value && mark.At <= first.At))
                violations.Add(new(Rules.MadeUp, plan.Id, $"was given {first.Value} as {name.Key}, which nobody has said"));
        }
    }

    private static void CheckJoin(
        FlowPlan plan, FlowMark joined, Dictionary<(string Name, int Index), string> children, ILookup<string, RunMark> returned, List<Violation> violations)
    {
        var missing = Enumerable.Range(0, plan.Fan)
            .Where(index => !children.TryGetValue((joined.Name, index), out var child) || !returned[child].Any(run => run.At <= joined.At)).ToList();
        if (missing.Count > 0)
            violations.Add(new(Rules.JoinEarly, plan.Id, $"went on behind {joined.Name} on {joined.Silo} before {missing.Count} of its {plan.Fan} children had ended, such as {missing[0]}"));
    }

    private static void CheckSignals(FlowPlan plan, List<FlowMark> marks, List<Violation> violations)
    {
        var taken = marks.Where(mark => mark.Kind == FlowMarkKind.Given && plan.Signals.Contains(mark.Value)).GroupBy(mark => mark.Value);
        foreach (var signal in taken)
        {
            var places = signal.Select(mark => mark.Name).Distinct().ToList();
            if (places.Count > 1) violations.Add(new(Rules.SignalTwice, plan.Id, $"has taken {signal.Key} as {string.Join(" and as ", places)}"));
        }
    }

    private static void CheckEnd(FlowPlan plan, FlowEnd end, List<FlowMark> marks, List<Violation> violations)
    {
        var given = marks.Where(mark => mark.Kind == FlowMarkKind.Given && mark.Flow == plan.Id).ToLookup(mark => mark.Name, mark => mark.Value);
        var steps = Enumerable.Range(1, plan.Steps).Select(number => given[FlowPlan.Step(number)].FirstOrDefault()).ToList();
        if (!steps.SequenceEqual(end.Values)) violations.Add(new(Rules.WrongEnd, plan.Id, $"ended with the steps {string.Join(',', end.Values)}; it was given {string.Join(',', steps)}"));
        if (end.Sum != plan.Steps * plan.SumOfGroup) violations.Add(new(Rules.WrongEnd, plan.Id, $"ended with the sum {end.Sum}, not {plan.Steps * plan.SumOfGroup}"));
        foreach (var lost in plan.Signals.Except(end.Taken).Take(1)) violations.Add(new(Rules.SignalLost, plan.Id, $"has ended without {lost}"));
        if (end.Taken.Count != end.Taken.Distinct().Count()) violations.Add(new(Rules.SignalTwice, plan.Id, $"has taken {string.Join(',', end.Taken)}"));
        else if (!plan.Signals.Except(end.Taken).Any() && !plan.Signals.SequenceEqual(end.Taken))
            violations.Add(new(Rules.SignalOrder, plan.Id, $"has taken {string.Join(',', end.Taken)}; sent were {string.Join(',', plan.Signals)}"));
    }

    private static string Text(long token) => token.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
