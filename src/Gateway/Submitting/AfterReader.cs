using System.Text.Json;
using OrleansJobs.Gateway.Json;

namespace OrleansJobs.Gateway.Submitting;

/// <summary>Reads <c>after</c>: an array of ids, or of <c>{"job": id, "on": "success" | "end" | "failure"}</c>.</summary>
internal static class AfterReader
{
    private const string Wanted = "It must be the id of a job, or {\"job\": id, \"on\": ...}.";

    public static JobDependency[] Read(ref Utf8JsonReader reader, SubmitRequest request)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            request.Wrong("/after", "It must be an array of jobs.");
            reader.Skip();
            return [];
        }

        var after = new List<JobDependency>();
        for (var place = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; place++)
        {
            var dependency = ReadOne(ref reader, $"/after/{place}", request);
            // One more than the limit is enough to break it.
            if (after.Count <= JobLimits.MaxAfter) after.Add(dependency);
        }

        return [.. after];
    }

    private static JobDependency ReadOne(ref Utf8JsonReader reader, string pointer, SubmitRequest request)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String: return new(reader.GetString()!);
            case JsonTokenType.StartObject: return ReadObject(ref reader, pointer, request);
            default:
                request.Wrong(pointer, Wanted);
                reader.Skip();
                return default;
        }
    }

    private static JobDependency ReadObject(ref Utf8JsonReader reader, string pointer, SubmitRequest request)
    {
        string? job = null, on = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = reader.GetString()!;
            reader.Read();
            var isKnown = name is "job" or "on";
            if (isKnown && reader.TokenType == JsonTokenType.String)
            {
                if ((name == "job" ? job : on) is not null) request.Wrong($"{pointer}/{name}", "It is given twice.");
                if (name == "job") job = reader.GetString();
                else on = reader.GetString();
                continue;
            }

            request.Wrong(pointer + StrictJson.Segment(name), isKnown ? "It must be a string." : "There is no such member.");
            reader.Skip();
        }

        if (job is null) request.Wrong(pointer + "/job", "It names the job.");
        DependencyOn condition = default;
        if (on is not null && !DependencyWords.TryParse(on, out condition)) request.Wrong(pointer + "/on", "It must be success, end or failure.");
        return new(job ?? "", condition);
    }
}
