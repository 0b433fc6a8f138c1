using System.CommandLine;
using System.CommandLine.Completions;

namespace OrleansJobs.Tool.Completions;

/// <summary>Values that a shell may offer. They are no rule: which ones there are is the gateway's business, and a newer one may know more.</summary>
internal static class Suggestions
{
    public static readonly string[] States = ["PENDING", "PROGRESS", "SUCCESS", "FAILURE", "REVOKED"];
    public static readonly string[] Phases = ["scheduled", "waiting", "retrying", "running", "cancelling"];

    /// <summary>The parameters of <c>GET /jobs</c> that keep some jobs and leave out others, up to their values.</summary>
    public static readonly string[] Filters =
    [
        "state=", "phase=", "type=", "queue=", "key=", "tag.", "error=", "args=", "parent=", "after=", "schedule=", "scheduledAt=",
        "submittedAfter=", "submittedBefore=", "startedAfter=", "startedBefore=", "finishedAfter=", "finishedBefore=",
    ];

    public static T Suggest<T>(this T symbol, params string[] values) where T : Symbol => Suggest(symbol, () => values);

    public static T Suggest<T>(this T symbol, Func<IEnumerable<string>> values) where T : Symbol
    {
        var sources = symbol switch
        {
            Option option => option.CompletionSources,
            Argument argument => argument.CompletionSources,
            _ => throw new ArgumentException("Only options and arguments have values.", nameof(symbol)),
        };
        sources.Add(_ => values().Select(value => new CompletionItem(value)));
        return symbol;
    }
}
