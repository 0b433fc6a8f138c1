using System.Text.RegularExpressions;

namespace OrleansJobs.Gateway.Schemas;

/// <summary>What JSON values may be, as flags: <c>integer</c> is a number without a fraction.</summary>
[Flags]
internal enum JsonKinds
{
    None = 0,
    Null = 1,
    Boolean = 2,
    Number = 4,
    Integer = 8,
    String = 16,
    Array = 32,
    Object = 64,
    All = 127,
}

/// <summary>One schema, compiled: the keywords that .NET's schema exporter writes, and their close kin. Others are not looked at. A schema that is null allows anything.</summary>
internal sealed class SchemaNode
{
    public static readonly SchemaNode Anything = new();
    public static readonly SchemaNode Nothing = new() { Kinds = JsonKinds.None };

    public JsonKinds Kinds { get; set; } = JsonKinds.All;

    public Dictionary<string, SchemaNode>? Properties { get; set; }
    public string[] Required { get; set; } = [];
    public SchemaNode? AdditionalProperties { get; set; }
    public int MinProperties { get; set; }
    public int MaxProperties { get; set; } = int.MaxValue;

    public SchemaNode? Items { get; set; }
    public int MinItems { get; set; }
    public int MaxItems { get; set; } = int.MaxValue;

    public int MinLength { get; set; }
    public int MaxLength { get; set; } = int.MaxValue;
    public Regex? Pattern { get; set; }
    public string? Format { get; set; }

    public decimal? Minimum { get; set; }
    public decimal? Maximum { get; set; }
    public decimal? ExclusiveMinimum { get; set; }
    public decimal? ExclusiveMaximum { get; set; }

    /// <summary>The values of <c>enum</c> and <c>const</c>, each as compact JSON; null: any.</summary>
    public HashSet<string>? Values { get; set; }

    public SchemaNode[] AnyOf { get; set; } = [];
    public SchemaNode[] OneOf { get; set; } = [];
    public SchemaNode[] AllOf { get; set; } = [];
    public SchemaNode? Not { get; set; }

    /// <summary>What <c>$ref</c> points to; applies together with the rest.</summary>
    public SchemaNode? Ref { get; set; }
}
