using System.Text.Json;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Working;

/// <summary>What a job waits for without its worker, in a report.</summary>
internal static class WaitReader
{
    public static WorkWait Read(MemberReader read, JsonElement element, string pointer)
    {
        long? seen = null;
        var wait = new WorkWait();
        read.Object(element, pointer, "What is waited for", (name, value, at) =>
        {
            switch (name)
            {
                case "seen": seen = read.Integer(value, at, 0, WorkLimits.MaxSequence) ?? 0; return true;
                case "children": wait = wait with { Children = read.Array(value, at, WorkLimits.MaxWaits, (item, place) => MemoryReader.Name(read, item, place, "A child's name") ?? "") }; return true;
                case "signals": wait = wait with { Signals = read.Array(value, at, WorkLimits.MaxWaits, (item, place) => Signal(read, item, place)) }; return true;
                case "until": wait = wait with { Until = Instant(read, value, at) }; return true;
                default: return false;
            }
        });
        if (seen is null) read.Wrong(pointer + "/seen", "Who waits says up to where what is remembered has been read: 0 where nothing has.");
        else if (!read.HasErrors && wait is { Children: [], Signals: [], Until: null }) read.Wrong(pointer, "A job waits for children, for signals or until an instant.");
        return wait with { Seen = seen ?? 0 };
    }

    private static string Signal(MemberReader read, JsonElement element, string pointer)
    {
        if (element.ValueKind is JsonValueKind.String && SubmissionRules.IsSignalName(element.GetString())) return element.GetString()!;
        read.Wrong(pointer, $"A signal's name is 1 to {JobLimits.MaxSignalNameLength} characters, none of them a control character.");
        return "";
    }

    private static DateTimeOffset? Instant(MemberReader read, JsonElement element, string pointer)
    {
        if (element.ValueKind is JsonValueKind.String && Instants.TryParse(element.GetString()!, out var instant)) return instant;
        read.Wrong(pointer, "It must be an instant with an offset as RFC 3339 has it, such as 2030-01-31T12:00:00Z.");
        return null;
    }
}
