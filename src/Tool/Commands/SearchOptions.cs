using System.CommandLine;
using System.Globalization;
using OrleansJobs.Tool.Completions;

namespace OrleansJobs.Tool.Commands;

/// <summary>What jobs are looked for by, beside where they stand: ids, texts, keys and times.</summary>
internal sealed class SearchOptions
{
    private const string When = "An instant as RFC 3339 has it, or how long ago, such as 1h.";

    private readonly Dictionary<string, Option<string?>> _texts = new(StringComparer.Ordinal)
    {
        ["id"] = new("--id") { Description = "The job of this id, or jobs whose ids begin so." },
        ["phase"] = new Option<string?>("--phase") { Description = "scheduled, waiting, retrying, running or cancelling." }.Suggest(Suggestions.Phases),
        ["key"] = new("--job-key") { Description = "Jobs of this key, such as tenant/7." },
        ["error"] = new("--error") { Description = "Failed jobs with this text in their error." },
        ["args"] = new("--args") { Description = "Jobs with this text in their arguments." },
    };

    private readonly Dictionary<string, Option<string?>> _times = new(StringComparer.Ordinal)
    {
        ["submittedAfter"] = new("--submitted-after") { Description = $"Submitted after. {When}" },
        ["submittedBefore"] = new("--submitted-before") { Description = $"Submitted before. {When}" },
        ["startedAfter"] = new("--started-after") { Description = $"Started after. {When}" },
        ["startedBefore"] = new("--started-before") { Description = $"Started before. {When}" },
        ["finishedAfter"] = new("--finished-after") { Description = $"Ended after. {When}" },
        ["finishedBefore"] = new("--finished-before") { Description = $"Ended before. {When}" },
    };

    public IEnumerable<Option> All => _texts.Values.Concat(_times.Values);

    /// <summary>The parameters of <c>GET /jobs</c> that were given.</summary>
    public IEnumerable<(string Name, string Value)> Read(Session session, ParseResult parsed)
    {
        foreach (var (name, option) in _texts)
        {
            if (parsed.GetValue(option) is { } value) yield return (name, value);
        }

        foreach (var (name, option) in _times)
        {
            if (parsed.GetValue(option) is { } value) yield return (name, InstantOf(value, session.Surroundings.Time));
        }
    }

    /// <summary>What is no duration is left to the gateway to read.</summary>
    public static string InstantOf(string text, TimeProvider time) => Durations.TryParse(text, out var seconds)
        ? time.GetUtcNow().AddSeconds(-Math.Min(seconds, 1e10)).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)
        : text;
}
