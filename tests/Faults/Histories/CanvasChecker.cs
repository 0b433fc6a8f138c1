namespace OrleansJobs.Faults.Histories;

/// <summary>A job of a canvas, as who submitted it has it.</summary>
/// <param name="After">What it follows, in the order in which it is given their results.</param>
/// <param name="Value">What it must come to; null where it must fail.</param>
internal sealed record CanvasJob(string Id, string Type, IReadOnlyList<string> After, ExpectedEnd Expected, long? Value);

/// <summary>What the grid says that such a job came to.</summary>
/// <param name="Token">Of the attempt that the result is of.</param>
/// <param name="Given">What that attempt was given: whose results, and of which of their attempts.</param>
internal sealed record CanvasEnd(long Value, long Token, IReadOnlyList<(string Id, long Token)> Given);

/// <summary>
/// Holds what the jobs of canvases came to against what they must: the right value, made of the results of those that it follows, each as it stands, once and in order.
/// Pure. That they ran when they had to, and ended as they had to, is for <see cref="FollowChecker"/> and <see cref="HistoryChecker"/>.
/// </summary>
internal static class CanvasChecker
{
    /// <param name="ends">Of those that succeeded.</param>
    public static List<Violation> Check(IReadOnlyList<CanvasJob> jobs, IReadOnlyDictionary<string, CanvasEnd> ends)
    {
        var violations = new List<Violation>();
        foreach (var job in jobs)
        {
            if (!ends.TryGetValue(job.Id, out var end))
            {
                if (job.Value is { } wanted) violations.Add(new(Rules.CanvasWrong, job.Id, $"{job.Type} has no result, and must come to {wanted}"));
                continue;
            }

            if (end.Value != job.Value) violations.Add(new(Rules.CanvasWrong, job.Id, $"{job.Type} came to {end.Value}, and not to {job.Value?.ToString() ?? "an error"}"));
            if (!end.Given.Select(one => one.Id).SequenceEqual(job.After))
            {
                violations.Add(new(Rules.CanvasWrong, job.Id, $"{job.Type} was given the results of {Text(end.Given.Select(one => one.Id))}, and follows {Text(job.After)}"));
                continue;
            }

            foreach (var (id, token) in end.Given)
            {
                if (!ends.TryGetValue(id, out var before) || before.Token != token)
                    violations.Add(new(Rules.CanvasWrong, job.Id, $"{job.Type} was given the result of {id} by its attempt {token}, and what counts is that of {before?.Token.ToString() ?? "none"}"));
            }
        }

        return violations;
    }

    private static string Text(IEnumerable<string> ids) => string.Join(", ", ids) is { Length: > 0 } text ? text : "none";
}
