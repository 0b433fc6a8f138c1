using System.Text.Json;
using System.Text.Json.Serialization;
using Orleans.Storage;
using OrleansJobs.Histories;
using OrleansJobs.Jobs;
using OrleansJobs.Trials;
using OrleansJobs.Workers;

namespace OrleansJobs.Storage;

/// <summary>Writes grain state as JSON of known types. The default serializer writes .NET type names and reads whatever type the data names.</summary>
internal sealed class GrainStateSerializer : IGrainStorageSerializer
{
    public BinaryData Serialize<T>(T input) => new(JsonSerializer.SerializeToUtf8Bytes(input, typeof(T), GrainStateJson.Default));

    public T Deserialize<T>(BinaryData input) => (T)JsonSerializer.Deserialize(input, typeof(T), GrainStateJson.Default)!;
}

[JsonSerializable(typeof(JobMemory))]
[JsonSerializable(typeof(QueueMemory))]
[JsonSerializable(typeof(TrialMemory))]
[JsonSerializable(typeof(ChronicleMemory))]
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
internal sealed partial class GrainStateJson : JsonSerializerContext;
