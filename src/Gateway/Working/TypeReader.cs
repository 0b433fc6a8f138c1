using System.Text;
using System.Text.Json;

namespace OrleansJobs.Gateway.Working;

/// <summary>What a worker says of a job type.</summary>
internal static class TypeReader
{
    /// <summary>An element of <c>types</c>: a name, or an object with one.</summary>
    public static NamedType Read(MemberReader read, JsonElement element, string pointer, JobLimits limits)
    {
        if (element.ValueKind is JsonValueKind.String) return new(new JobTypeInfo { Name = read.Name(element, pointer) ?? "" }, IsSaid: false);
        if (element.ValueKind is JsonValueKind.Object) return new(ReadObject(read, element, pointer, null, limits), IsSaid: true);
        read.Wrong(pointer, "A type is a name, or an object that has one.");
        return new(new JobTypeInfo { Name = "" }, IsSaid: false);
    }

    /// <summary>The body of <c>PUT /job-types/{type}</c>.</summary>
    public static JobTypeInfo Read(ReadOnlyMemory<byte> body, string name, JobLimits limits) =>
        MemberReader.Read(body, "A type", (read, root) => ReadObject(read, root, "", name, limits));

    /// <param name="given">The name, where it stands elsewhere.</param>
    private static JobTypeInfo ReadObject(MemberReader read, JsonElement element, string pointer, string? given, JobLimits limits)
    {
        var type = new JobTypeInfo { Name = given ?? "" };
        read.Object(element, pointer, "A type", (name, value, at) =>
        {
            switch (name)
            {
                case "name" when given is null: type = type with { Name = read.Name(value, at) ?? "-" }; return true;
                case "schema": type = type with { ArgsSchema = Schema(read, value, at) }; return true;
                case "resultSchema": type = type with { ResultSchema = Schema(read, value, at) }; return true;
                case "description": type = type with { Description = read.Text(value, at, WorkLimits.MaxDescriptionLength) }; return true;
                case "queue": type = type with { Queue = read.Name(value, at) ?? "" }; return true;
                case "attempts": type = type with { Attempts = (int?)read.Integer(value, at, 1, limits.MaxAttempts) }; return true;
                case "timeout": type = type with { Timeout = read.Seconds(value, at, limits.MaxTimeout, orZero: false) }; return true;
                case "stalledAfter": type = type with { StalledAfter = read.Seconds(value, at, limits.MaxTimeout, orZero: false) }; return true;
                case "key": type = type with { Key = Key(read, value, at) }; return true;
                case "weight": type = type with { Weight = (int?)read.Integer(value, at, 1, JobKeys.MaxWeight) }; return true;
                case "release": type = type with { Release = read.Text(value, at, WorkLimits.MaxReleaseLength) }; return true;
                default: return false;
            }
        });
        if (type.Name.Length == 0) read.Wrong(pointer + "/name", "A type has a name.");
        if (type.Key is not null && KeyTemplate.TryParse(type.Key, out var key, out _) && key.MistakeFor(type.ArgsSchema) is { } mistake) read.Wrong(pointer + "/key", mistake);
        return type;
    }

    private static string? Key(MemberReader read, JsonElement element, string pointer)
    {
        if (read.Text(element, pointer, KeyTemplate.MaxLength) is not { } text) return null;
        if (!KeyTemplate.TryParse(text, out _, out var mistake)) read.Wrong(pointer, mistake);
        return text;
    }

    private static string Schema(MemberReader read, JsonElement element, string pointer)
    {
        if (element.ValueKind is JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False) return Encoding.UTF8.GetString(read.Raw(element, pointer, WorkLimits.MaxSchemaBytes));
        read.Wrong(pointer, "A schema is an object, true or false.");
        return "true";
    }
}
