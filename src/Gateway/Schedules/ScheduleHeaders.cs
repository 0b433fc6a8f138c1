using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Schedules;

/// <summary>What a change of a schedule is asked under: <c>If-Match</c> with the version that one has seen, <c>If-None-Match: *</c> for a new one.</summary>
internal static class ScheduleHeaders
{
    public static ScheduleCondition Read(HttpRequest request)
    {
        var (match, noneMatch) = (request.Headers.IfMatch, request.Headers.IfNoneMatch);
        if (match.Count > 1) throw Wrong("If-Match", "It must be given once.");
        if (noneMatch.Count > 0 && noneMatch.ToString().Trim() != "*") throw Wrong("If-None-Match", "It must be *: only where there is no such schedule.");
        if (match.Count > 0 && noneMatch.Count > 0) throw Wrong("If-Match", "Give If-Match or If-None-Match, not both.");
        return new(match.Count == 0 ? null : Version(match.ToString().Trim()), noneMatch.Count > 0);
    }

    public static string ETag(ScheduleInfo schedule) => $"\"{schedule.Version}\"";

    private static string Version(string text)
    {
        if (text == "*") return text;
        if (text.Length is >= 3 and <= 66 && text[0] == '"' && text[^1] == '"' && !text.AsSpan(1, text.Length - 2).Contains('"')) return text[1..^1];
        throw Wrong("If-Match", "It must be one ETag of the schedule, in quotes, or *.");
    }

    private static ProblemException Wrong(string header, string detail) => new(Problem.OfHeader(header, detail));
}
