using OrleansJobs.Gateway.Json;
using OrleansJobs.Gateway.Problems;

namespace OrleansJobs.Gateway.Schemas;

/// <summary>Gathers mistakes with their pointers. The path is kept as it is walked and written out only where something is wrong.</summary>
internal sealed class SchemaMistakes(string root, List<ProblemError>? errors)
{
    private readonly List<(string? Name, int Index)> _path = new(8);

    public int Count { get; private set; }

    /// <summary>For the branches of an <c>anyOf</c>, of which only whether they fit matters.</summary>
    public static SchemaMistakes Untold() => new("", null);

    /// <summary>One mistake says that a branch does not fit: the rest of it need not be walked, which for most polymorphic types is all but the discriminator.</summary>
    public bool IsDecided => errors is null && Count > 0;

    public void Enter(string name) => _path.Add((name, 0));

    public void Enter(int index) => _path.Add((null, index));

    public void Leave() => _path.RemoveAt(_path.Count - 1);

    public void Add(string detail)
    {
        Count++;
        if (errors is not null && errors.Count < Problem.MaxErrors) errors.Add(new(Pointer(), detail));
    }

    private string Pointer() => root + string.Concat(_path.Select(step => step.Name is { } name ? StrictJson.Segment(name) : "/" + step.Index));
}
