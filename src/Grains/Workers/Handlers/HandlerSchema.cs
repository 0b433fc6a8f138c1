using System.ComponentModel;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;

namespace OrleansJobs.Workers;

/// <summary>JSON Schemas of what handlers take and give, as the serializer reads and writes it.</summary>
internal static class HandlerSchema
{
    /// <summary>The result of a handler that has none.</summary>
    public const string Nothing = """{"type":"null"}""";

    private const string Anything = "true";

    private static readonly JsonSchemaExporterOptions Options = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = Describe,
    };

    public static string Of(Type type)
    {
        try
        {
            return JobJson.Options.GetJsonSchemaAsNode(type, Options).ToJsonString();
        }
        catch (Exception exception) when (exception is NotSupportedException or InvalidOperationException)
        {
            // A type whose shape the exporter cannot tell, such as one with a converter of its own, may still be read and written.
            return Anything;
        }
    }

    /// <summary><c>[Description]</c> on a type or member is for people who fill in a form made from the schema.</summary>
    private static JsonNode Describe(JsonSchemaExporterContext context, JsonNode schema)
    {
        var attributes = context.PropertyInfo?.AttributeProvider ?? context.TypeInfo.Type;
        var description = attributes.GetCustomAttributes(typeof(DescriptionAttribute), inherit: false).OfType<DescriptionAttribute>().FirstOrDefault()
            ?? context.PropertyInfo?.AssociatedParameter?.AttributeProvider?.GetCustomAttributes(typeof(DescriptionAttribute), inherit: false).OfType<DescriptionAttribute>().FirstOrDefault();
        if (description is not null && schema is JsonObject shape) shape.Insert(0, "description", description.Description);
        return schema;
    }
}
