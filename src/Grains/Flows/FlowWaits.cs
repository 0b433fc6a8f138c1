using OrleansJobs.Workers;

namespace OrleansJobs.Flows;

/// <summary>What is said of a flow that is parked.</summary>
internal static class FlowWaits
{
    /// <summary>Children and signals that are named one by one.</summary>
    private const int MostNamed = 20;

    public static IEnumerable<WaitReason> Of(FlowEntry flow, FlowPark park)
    {
        foreach (var wait in park.Groups)
        {
            var group = flow.Groups.GetValueOrDefault(wait.Name);
            yield return new WaitReason(WaitReasons.Children) { Name = wait.Name, Done = (group?.Succeeded + group?.Failed) ?? 0, Of = group?.Total >= 0 ? group.Total : wait.Ended };
        }

        foreach (var name in park.Children.Take(MostNamed)) yield return new WaitReason(WaitReasons.Children) { Name = name, Done = flow.Open.ContainsKey(name) ? 0 : 1, Of = 1 };
        var until = park.Until is { } instant ? DateTimeOffset.FromUnixTimeMilliseconds(instant) : (DateTimeOffset?)null;
        foreach (var name in park.Signals.Take(MostNamed)) yield return new WaitReason(WaitReasons.Signal) { Name = name, Until = until };
        if (until is not null && park.Signals.Length == 0) yield return new WaitReason(WaitReasons.Time) { Until = until };
    }

    /// <summary>Its children's, by weight, unless the flow has said something of its own.</summary>
    public static Progress ProgressOf(FlowEntry flow, Progress said)
    {
        // What a handler says has a message or counts something else; what is said here has neither.
        if (flow.Weight == 0 || (said.Sequence > 0 && (said.Message is not null || said.Total != flow.LastTotal))) return said;
        flow.LastTotal = Math.Max(flow.Weight, flow.PlannedWeight);
        return said.Current == flow.WeightDone && said.Total == flow.LastTotal ? said : said with { Sequence = said.Sequence + 1, Current = flow.WeightDone, Total = flow.LastTotal };
    }
}
