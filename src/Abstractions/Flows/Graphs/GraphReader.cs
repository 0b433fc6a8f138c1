using System.Text.Json;

namespace OrleansJobs;

/// <summary>Reads a graph from JSON. What is wrong with its form is noted with its pointer; what is wrong with what it says is for <see cref="GraphRules"/>.</summary>
internal static class GraphReader
{
    private const double MaxSeconds = 1e11;

    /// <param name="others">Members beside the graph's own, which somebody else reads.</param>
    /// <returns>A graph that is good only where nothing was noted.</returns>
    public static FlowGraph Read(JsonElement json, List<SubmissionProblem> problems, params ReadOnlySpan<string> others)
    {
        var jobs = new List<GraphJob>();
        JsonElement? result = null;
        var onFailure = GraphFailure.Cancel;
        if (json.ValueKind != JsonValueKind.Object)
        {
            problems.Add(new("", "A flow is a JSON object."));
            return new() { Jobs = jobs };
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in json.EnumerateObject())
        {
            var pointer = GraphPointer.Of("", member.Name);
            if (!seen.Add(member.Name)) problems.Add(new(pointer, "It is given twice."));
            switch (member.Name)
            {
                case "jobs": ReadJobs(member.Value, jobs, problems); break;
                case "result": result = member.Value.Clone(); break;
                case "onFailure": onFailure = ReadFailure(member.Value, problems); break;
                default:
                    if (!others.Contains(member.Name)) problems.Add(new(pointer, "There is no such member."));
                    break;
            }
        }

        if (!seen.Contains("jobs")) problems.Add(new("/jobs", "A flow has jobs."));
        return new() { Jobs = jobs, Result = result, OnFailure = onFailure };
    }

    private static GraphFailure ReadFailure(JsonElement json, List<SubmissionProblem> problems)
    {
        var word = json.ValueKind == JsonValueKind.String ? json.GetString() : null;
        if (word is not ("cancel" or "continue")) problems.Add(new("/onFailure", "It must be cancel or continue."));
        return word == "continue" ? GraphFailure.Continue : GraphFailure.Cancel;
    }

    private static void ReadJobs(JsonElement json, List<GraphJob> jobs, List<SubmissionProblem> problems)
    {
        if (json.ValueKind != JsonValueKind.Array)
        {
            problems.Add(new("/jobs", "It must be an array of jobs."));
            return;
        }

        if (json.GetArrayLength() > FlowGraph.MaxJobs)
        {
            problems.Add(new("/jobs", $"A flow has at most {FlowGraph.MaxJobs} jobs of its own; each makes as many more as its array has elements."));
            return;
        }

        foreach (var job in json.EnumerateArray()) jobs.Add(new Job($"/jobs/{jobs.Count}", problems).Read(job));
    }

    private sealed class Job(string pointer, List<SubmissionProblem> problems)
    {
        public GraphJob Read(JsonElement json)
        {
            var job = new GraphJob { Name = "", Type = "" };
            if (json.ValueKind != JsonValueKind.Object)
            {
                problems.Add(new(pointer, "A job is a JSON object."));
                return job;
            }

            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var member in json.EnumerateObject())
            {
                var at = GraphPointer.Of(pointer, member.Name);
                if (!seen.Add(member.Name)) problems.Add(new(at, "It is given twice."));
                job = ReadMember(job, member.Name, member.Value, at);
            }

            if (!seen.Contains("name")) problems.Add(new(pointer + "/name", "A job has a name."));
            if (!seen.Contains("type")) problems.Add(new(pointer + "/type", "A job names its type."));
            return job;
        }

        private GraphJob ReadMember(GraphJob job, string name, JsonElement json, string at)
        {
            switch (name)
            {
                case "name": return job with { Name = Text(json, at) };
                case "type": return job with { Type = Text(json, at) };
                case "args": return job with { Args = json.Clone() };
                case "after": return job with { After = After(json, at) };
                case "each": return job with { Each = json.Clone() };
                case "queue": return job with { Queue = Text(json, at) };
                case "priority": return job with { Priority = Integer(json, at) };
                case "attempts": return job with { Attempts = Integer(json, at) };
                case "weight": return job with { Weight = Integer(json, at) };
                case "timeout": return job with { Timeout = Seconds(json, at) };
                case "countdown": return job with { Countdown = Seconds(json, at) };
                case "key": return job with { Key = Text(json, at) };
                case "keyWeight": return job with { KeyWeight = Integer(json, at) };
                case "unique":
                    problems.Add(new(at, KeyRules.NotOfFlows));
                    return job;
                case "tags": return job with { Tags = GraphReader.Tags(json, at, problems) };
                default:
                    problems.Add(new(at, "There is no such member."));
                    return job;
            }
        }

        private GraphEdge[] After(JsonElement json, string at)
        {
            if (json.ValueKind != JsonValueKind.Array)
            {
                problems.Add(new(at, "It must be an array of names."));
                return [];
            }

            return [.. json.EnumerateArray().Select((edge, index) => Edge(edge, $"{at}/{index}"))];
        }

        private GraphEdge Edge(JsonElement json, string at)
        {
            if (json.ValueKind == JsonValueKind.String) return new(json.GetString()!);
            if (json.ValueKind != JsonValueKind.Object)
            {
                problems.Add(new(at, "It must be the name of a job, or {\"job\": name, \"on\": ...}."));
                return default;
            }

            string? job = null;
            DependencyOn on = default;
            var seen = new HashSet<string>(StringComparer.Ordinal);
            foreach (var member in json.EnumerateObject())
            {
                var pointer = GraphPointer.Of(at, member.Name);
                if (!seen.Add(member.Name)) problems.Add(new(pointer, "It is given twice."));
                if (member.Name == "job") job = Text(member.Value, pointer);
                else if (member.Name != "on") problems.Add(new(pointer, "There is no such member."));
                else if (!DependencyWords.TryParse(Text(member.Value, pointer), out on)) problems.Add(new(pointer, "It must be success, end or failure."));
            }

            if (job is null) problems.Add(new(at + "/job", "It names the job."));
            return new(job ?? "", on);
        }

        private string Text(JsonElement json, string at)
        {
            if (json.ValueKind == JsonValueKind.String) return json.GetString()!;
            problems.Add(new(at, "It must be a string."));
            return "";
        }

        private int Integer(JsonElement json, string at)
        {
            if (json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out var value)) return value;
            problems.Add(new(at, "It must be an integer within 32 bits."));
            return 1;
        }

        private TimeSpan? Seconds(JsonElement json, string at)
        {
            if (json.ValueKind == JsonValueKind.Number && json.TryGetDouble(out var seconds) && Math.Abs(seconds) < MaxSeconds)
            {
                // Away from zero: never early, and a negative one stays negative.
                return TimeSpan.FromMilliseconds((long)(seconds < 0 ? Math.Floor(seconds * 1000) : Math.Ceiling(seconds * 1000)));
            }

            problems.Add(new(at, "It must be a number of seconds."));
            return null;
        }
    }

    /// <summary>Reads an object of strings.</summary>
    public static JobTag[] Tags(JsonElement json, string at, List<SubmissionProblem> problems)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            problems.Add(new(at, "It must be an object of strings."));
            return [];
        }

        var tags = new List<JobTag>();
        foreach (var member in json.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.String) problems.Add(new(GraphPointer.Of(at, member.Name), "It must be a string."));
            // One more than the limit is enough to break it.
            else if (tags.Count <= JobLimits.MaxTags) tags.Add(new(member.Name, member.Value.GetString()!));
        }

        return [.. tags];
    }
}
