using System.Runtime.InteropServices;
using System.Text.Json;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Submitting;

namespace OrleansJobs.Gateway.Flows;

/// <summary>What a flow says beside its graph.</summary>
internal sealed record FlowEnvelope
{
    public const string ReservedTag = $"Tags of flows that begin with '{JobIds.DerivedPrefix}' are the grid's own.";
    private const double MaxSeconds = 1e11;

    /// <summary>What it reads.</summary>
    public static readonly string[] Members = ["id", "tags", "retention", "deadline", "after", "onUnmet", "key", "keyWeight", "notify"];

    public string? Id { get; private init; }
    public JobTag[] Tags { get; private init; } = [];
    public long? Retention { get; private init; }
    public long? DeadlineAfter { get; private init; }
    public long? DeadlineAt { get; private init; }

    /// <summary>Jobs that the flow follows.</summary>
    public JobDependency[] After { get; private init; } = [];
    public bool CancelIfUnmet { get; private init; }

    /// <summary>The key, and the weight in it, of those of its jobs that name none.</summary>
    public string? Key { get; private init; }

    /// <inheritdoc cref="Key"/>
    public int? KeyWeight { get; private init; }

    /// <summary>Who is called when the flow ends.</summary>
    public JobNotice[] Notify { get; private init; } = [];

    public static FlowEnvelope Read(JsonElement json, List<SubmissionProblem> problems)
    {
        if (json.ValueKind != JsonValueKind.Object) return new();
        var reading = new Reading(json, problems);
        var (deadlineAfter, deadlineAt) = reading.Deadline();
        return new()
        {
            Id = reading.Text("id"), Tags = reading.Tags(), Retention = reading.Seconds("retention"), DeadlineAfter = deadlineAfter, DeadlineAt = deadlineAt,
            After = reading.After(), CancelIfUnmet = reading.IsCancelIfUnmet(), Key = reading.Key(), KeyWeight = reading.KeyWeight(),
            Notify = reading.Notify(),
        };
    }

    private readonly struct Reading(JsonElement json, List<SubmissionProblem> problems)
    {
        public string? Text(string member)
        {
            if (!json.TryGetProperty(member, out var value)) return null;
            if (value.ValueKind == JsonValueKind.String) return value.GetString();
            problems.Add(new($"/{member}", "It must be a string."));
            return null;
        }

        public JobTag[] Tags()
        {
            var tags = json.TryGetProperty("tags", out var value) ? GraphReader.Tags(value, "/tags", problems) : [];
            foreach (var tag in tags)
            {
                if (SubmissionRules.IsReserved(tag.Name)) problems.Add(new(GraphPointer.Of("/tags", tag.Name), ReservedTag));
            }

            return tags;
        }

        public long? Seconds(string member)
        {
            if (!json.TryGetProperty(member, out var value)) return null;
            if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && Math.Abs(seconds) < MaxSeconds)
                return (long)(seconds < 0 ? Math.Floor(seconds * 1000) : Math.Ceiling(seconds * 1000));
            problems.Add(new($"/{member}", "It must be a number of seconds."));
            return null;
        }

        public (long? After, long? At) Deadline()
        {
            if (!json.TryGetProperty("deadline", out var value) || value.ValueKind != JsonValueKind.String) return (Seconds("deadline"), null);
            if (Instants.TryParse(value.GetString()!, out var instant)) return (null, instant.ToUnixTimeMilliseconds());
            problems.Add(new("/deadline", "It must be a number of seconds, or an instant with an offset as RFC 3339 has it, such as 2030-01-31T12:00:00Z."));
            return default;
        }

        public JobDependency[] After()
        {
            if (!json.TryGetProperty("after", out var value)) return [];
            var request = new SubmitRequest();
            var reader = new Utf8JsonReader(JsonMarshal.GetRawUtf8Value(value));
            reader.Read();
            var after = AfterReader.Read(ref reader, request);
            Take(request);
            return after;
        }

        public JobNotice[] Notify()
        {
            if (!json.TryGetProperty("notify", out var value)) return [];
            var request = new SubmitRequest();
            var reader = new Utf8JsonReader(JsonMarshal.GetRawUtf8Value(value));
            reader.Read();
            var notify = NotifyReader.Read(ref reader, request);
            Take(request);
            return notify;
        }

        private void Take(SubmitRequest request) => problems.AddRange(request.Errors.Select(error => new SubmissionProblem(error.Pointer ?? "", error.Detail)));

        public bool IsCancelIfUnmet()
        {
            var word = Text("onUnmet");
            if (word is not (null or "fail" or "cancel")) problems.Add(new("/onUnmet", "It must be fail or cancel."));
            return word == "cancel";
        }

        public string? Key()
        {
            var key = Text("key");
            if (key is null || KeyTemplate.TryParse(key, out _, out var mistake)) return key;
            problems.Add(new("/key", mistake));
            return null;
        }

        public int? KeyWeight()
        {
            if (!json.TryGetProperty("keyWeight", out var value)) return null;
            if (!json.TryGetProperty("key", out _)) problems.Add(new("/keyWeight", "It is the weight of a key, and there is none."));
            else if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var weight) && weight is >= 1 and <= JobKeys.MaxWeight) return weight;
            else problems.Add(new("/keyWeight", $"A weight is 1 to {JobKeys.MaxWeight}."));
            return null;
        }
    }
}
