using System.Text.Json;
using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Schemas;

/// <summary>Checks arguments against the JSON Schema of their type, in one pass over the bytes and without a tree of them in memory.</summary>
internal sealed class ArgsSchema
{
    private readonly SchemaNode _root;

    private ArgsSchema(SchemaNode root) => _root = root;

    /// <summary>Anything goes, as long as no member is given twice.</summary>
    public static ArgsSchema Anything { get; } = new(SchemaNode.Anything);

    /// <summary>A schema that cannot be read checks nothing: the handler still does.</summary>
    public static ArgsSchema Compile(string schema)
    {
        try
        {
            using var document = JsonDocument.Parse(schema);
            return new(SchemaCompiler.Compile(document.RootElement));
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException)
        {
            return Anything;
        }
    }

    /// <summary>Adds a mistake for each place where the arguments do not fit, with pointers that start with <paramref name="pointer"/>.</summary>
    /// <param name="budget">What the request may still cost. Where it does not suffice, that is the only mistake.</param>
    public void Check(ReadOnlySpan<byte> args, string pointer, List<ProblemError> errors, SchemaBudget budget)
    {
        var reader = StrictJson.Reader(args);
        reader.Read();
        try
        {
            SchemaCheck.Check(ref reader, _root, new SchemaMistakes(pointer, errors), budget);
        }
        catch (SchemaBudgetException exceeded)
        {
            budget.Close();
            errors.Clear();
            errors.Add(new(pointer, exceeded.Detail));
            return;
        }

        StrictJson.ExpectEnd(ref reader);
    }
}
