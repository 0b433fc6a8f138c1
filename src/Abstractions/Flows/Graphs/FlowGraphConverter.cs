using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansJobs;

/// <summary>Graphs in the form that <c>POST /flows</c> takes.</summary>
internal sealed class FlowGraphConverter : JsonConverter<FlowGraph>
{
    public override FlowGraph Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var json = JsonElement.ParseValue(ref reader);
        var problems = new List<SubmissionProblem>();
        var graph = GraphReader.Read(json, problems);
        return problems.Count == 0 ? graph : throw new JsonException($"{problems[0].Pointer}: {problems[0].Detail}");
    }

    public override void Write(Utf8JsonWriter writer, FlowGraph value, JsonSerializerOptions options) => GraphWriter.Write(writer, value);
}
