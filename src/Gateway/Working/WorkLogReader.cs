using System.Text.Json;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Working;

/// <summary>Reads what a worker says that attempts have logged: <c>{"from": 1, "lines": [...]}</c>, in a report or of a lease.</summary>
internal static class WorkLogReader
{
    /// <summary>Of an attempt that goes on.</summary>
    public static WorkLog ReadOfLease(MemberReader read, JsonElement element, string pointer)
    {
        string? id = null;
        long? token = null, from = null;
        WorkLogLine[]? lines = null;
        read.Object(element, pointer, "A log", (name, value, at) =>
        {
            switch (name)
            {
                case "id": id = read.Id(value, at); return true;
                case "token": token = read.Token(value, at); return true;
                default: return Member(read, name, value, at, ref from, ref lines);
            }
        });
        return new(WorkRequestReader.NameOf(read, pointer, id, token), Numbered(read, pointer, from, lines));
    }

    /// <summary>Of the attempt that a report is of.</summary>
    public static WorkLogLine[] Read(MemberReader read, JsonElement element, string pointer)
    {
        long? from = null;
        WorkLogLine[]? lines = null;
        read.Object(element, pointer, "A log", (name, value, at) => Member(read, name, value, at, ref from, ref lines));
        return Numbered(read, pointer, from, lines);
    }

    private static bool Member(MemberReader read, string name, JsonElement value, string at, ref long? from, ref WorkLogLine[]? lines)
    {
        switch (name)
        {
            case "from": from = read.Integer(value, at, 1, WorkLimits.MaxSequence); return true;
            case "lines": lines = read.Array(value, at, WorkLimits.MaxLogLines, (item, place) => Line(read, item, place)); return true;
            default: return false;
        }
    }

    private static WorkLogLine[] Numbered(MemberReader read, string pointer, long? from, WorkLogLine[]? lines)
    {
        if (read.HasErrors) return [];
        if (from is null) read.Wrong(pointer + "/from", "It says which line of the attempt is the first of these; the first of all is 1.");
        if (lines is null) read.Wrong(pointer + "/lines", "It has lines.");
        for (var i = 0; i < lines?.Length; i++) lines[i] = lines[i] with { Number = (from ?? 1) + i };
        return lines ?? [];
    }

    private static WorkLogLine Line(MemberReader read, JsonElement element, string pointer)
    {
        string? text = null;
        JobError? error = null;
        DateTimeOffset? instant = null;
        var level = JobLogLevel.Information;
        read.Object(element, pointer, "A line", (name, value, at) =>
        {
            switch (name)
            {
                case "text": text = read.Text(value, at, WorkLimits.MaxErrorTextLength) ?? ""; return true;
                case "level":
                    if (!JobLogLevels.TryParse(read.Text(value, at, JobLimits.MaxNameLength), out level)) read.Wrong(at, $"It must be one of {string.Join(", ", JobLogLevels.Words)}.");
                    return true;
                case "at":
                    if (Instants.TryParse(read.Text(value, at, JobLimits.MaxNameLength) ?? "", out var when)) instant = when;
                    else read.Wrong(at, "It must be an instant with an offset as RFC 3339 has it, such as 2030-01-31T12:00:00Z.");
                    return true;
                case "error": error = WorkRequestReader.Error(read, value, at); return true;
                default: return false;
            }
        });
        if (text is null) read.Wrong(pointer + "/text", "A line has a text.");
        return new(0, instant, level, text ?? "", error?.Type, error?.Message);
    }
}
