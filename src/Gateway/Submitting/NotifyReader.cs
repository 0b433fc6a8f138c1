using System.Text.Json;
using OrleansJobs.Gateway.Json;

namespace OrleansJobs.Gateway.Submitting;

/// <summary>Reads <c>notify</c>: an array of URLs, or of <c>{"url": url, "on": ["success" | "failure" | "end" | "progress"]}</c>.</summary>
internal static class NotifyReader
{
    private const string Words = "It must be an array of success, failure, end and progress.";

    public static JobNotice[] Read(ref Utf8JsonReader reader, SubmitRequest request)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            request.Wrong("/notify", "It must be an array of whom to call.");
            reader.Skip();
            return [];
        }

        var notices = new List<JobNotice>();
        for (var place = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; place++)
        {
            var notice = ReadOne(ref reader, $"/notify/{place}", request);
            // One more than the limit is enough to break it.
            if (notices.Count <= JobLimits.MaxNotify) notices.Add(notice);
        }

        return [.. notices];
    }

    private static JobNotice ReadOne(ref Utf8JsonReader reader, string pointer, SubmitRequest request)
    {
        if (reader.TokenType == JsonTokenType.String) return new(reader.GetString()!);
        if (reader.TokenType == JsonTokenType.StartObject) return ReadObject(ref reader, pointer, request);
        request.Wrong(pointer, "It must be a URL, or {\"url\": url, \"on\": [...]}.");
        reader.Skip();
        return new("");
    }

    private static JobNotice ReadObject(ref Utf8JsonReader reader, string pointer, SubmitRequest request)
    {
        string? url = null;
        NoticeOn? on = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            reader.Read();
            if ((name == "url" && url is not null) || (name == "on" && on is not null)) request.Wrong($"{pointer}/{name}", "It is given twice.");
            if (name == "url" && reader.TokenType == JsonTokenType.String) url = reader.GetString();
            else if (name == "on") on = ReadEnds(ref reader, pointer + "/on", request);
            else
            {
                request.Wrong(pointer + StrictJson.Segment(name), name == "url" ? "It must be a string." : "There is no such member.");
                reader.Skip();
            }
        }

        if (url is null) request.Wrong(pointer + "/url", "It says whom to call.");
        return new(url ?? "", on ?? NoticeOn.End);
    }

    private static NoticeOn ReadEnds(ref Utf8JsonReader reader, string pointer, SubmitRequest request)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            request.Wrong(pointer, Words);
            reader.Skip();
            return NoticeOn.End;
        }

        var on = NoticeOn.None;
        var isWrong = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.String && NoticeWords.TryParse(reader.GetString(), out var end)) on |= end;
            else isWrong = true;
            reader.Skip();
        }

        if (isWrong || on is NoticeOn.None) request.Wrong(pointer, Words);
        return on is NoticeOn.None ? NoticeOn.End : on;
    }
}
