namespace OrleansJobs;

/// <summary>What stands in a graph where another job's outcome is to be filled in: <c>{"$ref": "name.result/items/0"}</c>.</summary>
/// <param name="Job">The name of a job; <see cref="Each"/> for the element that a job of an <c>each</c> runs for.</param>
/// <param name="Pointer">A JSON Pointer into it; empty: the whole.</param>
internal readonly record struct GraphRef(string Job, GraphRefPart Part, string Pointer)
{
    public const string Member = "$ref";
    public const string Literal = "$literal";
    public const string Each = "each";

    public bool IsEach => Part is GraphRefPart.Value or GraphRefPart.Index;

    /// <summary>Null where it is none.</summary>
    public static GraphRef? Parse(string? text)
    {
        if (text is null) return null;
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        if (dot <= 0) return null;
        var slash = text.IndexOf('/', dot);
        var (job, word, pointer) = (text[..dot], slash < 0 ? text[(dot + 1)..] : text[(dot + 1)..slash], slash < 0 ? "" : text[slash..]);
        GraphRefPart? part = word switch
        {
            "value" when job == Each => GraphRefPart.Value,
            "index" when job == Each && pointer.Length == 0 => GraphRefPart.Index,
            _ when job == Each => null,
            "result" => GraphRefPart.Result,
            "error" => GraphRefPart.Error,
            "state" when pointer.Length == 0 => GraphRefPart.State,
            _ => null,
        };
        return part is { } known && GraphPointer.IsValid(pointer) ? new GraphRef(job, known, pointer) : null;
    }
}

internal enum GraphRefPart : byte
{
    /// <summary>The job's result; of an <c>each</c>, the array of results in the order of the elements. Null where it has not succeeded.</summary>
    Result,

    /// <summary>Why it failed, an object with <c>code</c> and <c>message</c>; null where it has not.</summary>
    Error,

    /// <summary>How it ended: <c>SUCCESS</c>, <c>FAILURE</c>, <c>REVOKED</c>, or <c>SKIPPED</c> where it was not started.</summary>
    State,

    /// <summary>The element that a job of an <c>each</c> runs for.</summary>
    Value,

    /// <summary>Its place in the array.</summary>
    Index,
}
