using System.Globalization;
using System.Text.Json;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Schedules;

/// <summary>Reads the JSON of a schedule, member by member. What is wrong is noted with its pointer; only broken JSON throws (<see cref="StrictJson.IsMalformed"/>).</summary>
internal sealed class ScheduleRequestReader
{
    private const double MaxMilliseconds = long.MaxValue / 2;
    private static readonly string[] Overlaps = [.. Enum.GetNames<ScheduleOverlap>().Select(name => name.ToLowerInvariant())];
    private static readonly string[] MissedRules = [.. Enum.GetNames<ScheduleMissed>().Select(name => name.ToLowerInvariant())];

    /// <summary>What the jobs of a flow say each for itself.</summary>
    private static readonly string[] OfJobs = ["type", "args", "queue", "priority", "attempts", "timeout", "key", "weight"];

    private readonly SubmitRequest _request = new();
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private ScheduleSpec _spec = new() { Type = "" };
    private Range? _flow;

    /// <returns>
    /// What the schedule says, where of its job only <see cref="SubmitRequest.Queue"/>, <see cref="SubmitRequest.Args"/> and mistakes are taken from the request,
    /// and where in the body the flow stands that it has in place of a job.
    /// </returns>
    public static (ScheduleSpec Spec, SubmitRequest Request, Range? Flow) Read(ReadOnlySpan<byte> body)
    {
        var reader = StrictJson.Reader(body, StrictJson.EnvelopeDepth);
        reader.Read();
        var all = new ScheduleRequestReader();
        all.ReadObject(ref reader);
        StrictJson.ExpectEnd(ref reader);
        return (all._spec, all._request, all._flow);
    }

    private void ReadObject(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            _request.Wrong("", "A schedule is a JSON object.");
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (!_seen.Add(name)) _request.Wrong(StrictJson.Segment(name), "It is given twice.");
            if (ReadMember(ref reader, name)) continue;
            _request.Wrong(StrictJson.Segment(name), "There is no such member.");
            reader.Skip();
        }

        if (_flow is null)
        {
            if (!_seen.Contains("type")) _request.Wrong("/type", "A schedule names the type of its jobs, or has a flow.");
            return;
        }

        foreach (var name in OfJobs.Where(_seen.Contains)) _request.Wrong("/" + name, "A schedule has a type or a flow, whose jobs say this each for itself.");
    }

    private bool ReadMember(ref Utf8JsonReader reader, string name)
    {
        switch (name)
        {
            case "args": _request.Args = Skipped(ref reader); return true;
            case "flow": _flow = Skipped(ref reader); return true;
            case "type": _spec = _spec with { Type = Text(ref reader, name) ?? "" }; return true;
            case "queue": _request.Queue = Text(ref reader, name); return true;
            case "priority": _spec = _spec with { Priority = Integer(ref reader, name) ?? JobLimits.DefaultPriority }; return true;
            case "attempts": _spec = _spec with { Attempts = Integer(ref reader, name) }; return true;
            case "timeout": _spec = _spec with { Timeout = Seconds(ref reader, name) }; return true;
            case "key": _spec = _spec with { Key = Text(ref reader, name) }; return true;
            case "weight": _spec = _spec with { Weight = Integer(ref reader, name) }; return true;
            case "unique":
                _request.Wrong("/unique", KeyRules.NotOfSchedules);
                reader.Skip();
                return true;
            case "deadline": _spec = _spec with { Deadline = Seconds(ref reader, name) }; return true;
            case "retention": _spec = _spec with { Retention = Seconds(ref reader, name) }; return true;
            case "tags": _spec = _spec with { Tags = SubmitRequestReader.ReadTags(ref reader, _request) }; return true;
            case "notify": _spec = _spec with { Notify = NotifyReader.Read(ref reader, _request) }; return true;
            case "cron": _spec = _spec with { Cron = Text(ref reader, name) }; return true;
            case "every": _spec = _spec with { Every = Seconds(ref reader, name) }; return true;
            case "anchor": _spec = _spec with { Anchor = Instant(ref reader, name) }; return true;
            case "zone": _spec = _spec with { Zone = Text(ref reader, name) }; return true;
            case "start": _spec = _spec with { Start = Instant(ref reader, name) }; return true;
            case "end": _spec = _spec with { End = Instant(ref reader, name) }; return true;
            case "count": _spec = _spec with { Count = Integer(ref reader, name) }; return true;
            case "jitter": _spec = _spec with { Jitter = Seconds(ref reader, name) ?? 0 }; return true;
            case "overlap": _spec = _spec with { Overlap = (ScheduleOverlap)Choice(ref reader, name, Overlaps) }; return true;
            case "missed": _spec = _spec with { Missed = (ScheduleMissed)Choice(ref reader, name, MissedRules) }; return true;
            case "missedAfter": _spec = _spec with { MissedAfter = Seconds(ref reader, name) }; return true;
            case "missedWithin": _spec = _spec with { MissedWithin = Seconds(ref reader, name) }; return true;
            default: return false;
        }
    }

    private static Range Skipped(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return start..(int)reader.BytesConsumed;
    }

    private string? Text(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType == JsonTokenType.String) return reader.GetString()!;
        WrongType(ref reader, name, "a string");
        return null;
    }

    private int? Integer(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.Number) WrongType(ref reader, name, "an integer");
        else if (reader.TryGetInt32(out var value)) return value;
        else _request.Wrong("/" + name, "It must be an integer within 32 bits.");
        return null;
    }

    private long? Seconds(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.Number) WrongType(ref reader, name, "a number of seconds");
        else if (reader.TryGetDouble(out var seconds) && Math.Abs(seconds * 1000) <= MaxMilliseconds) return (long)Math.Round(seconds * 1000);
        else _request.Wrong("/" + name, "The number is out of range.");
        return null;
    }

    private long? Instant(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.String) WrongType(ref reader, name, "an instant in a string");
        else if (Instants.TryParse(reader.GetString()!, out var instant)) return instant.ToUnixTimeMilliseconds();
        else _request.Wrong("/" + name, "It must be an instant with an offset as RFC 3339 has it, such as 2030-01-31T12:00:00Z.");
        return null;
    }

    private int Choice(ref Utf8JsonReader reader, string name, string[] choices)
    {
        var index = reader.TokenType == JsonTokenType.String ? Array.IndexOf(choices, reader.GetString()) : -1;
        if (index < 0)
        {
            _request.Wrong("/" + name, string.Create(CultureInfo.InvariantCulture, $"It must be {string.Join(", ", choices[..^1])} or {choices[^1]}."));
            reader.Skip();
        }

        return Math.Max(index, 0);
    }

    private void WrongType(ref Utf8JsonReader reader, string name, string expected)
    {
        _request.Wrong("/" + name, $"It must be {expected}.");
        reader.Skip();
    }
}
