using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using OrleansJobs.Batches;

namespace OrleansJobs.Workers;

/// <summary>The handlers of this silo by the name of their job type. Does not change while the silo runs.</summary>
internal sealed class HandlerRegistry
{
    private readonly FrozenDictionary<string, HandlerEntry> _byName;

    public HandlerRegistry(IEnumerable<HandlerEntry> entries)
    {
        _byName = entries.ToFrozenDictionary(entry => entry.Name, StringComparer.Ordinal);
        Types = [.. _byName.Keys.Order(StringComparer.Ordinal)];
        Batches = Types.Any(type => _byName[type] is IBatchHandler)
            ? [.. Types.Where(type => _byName[type] is IBatchHandler).Select(type => new BatchType(type, _byName[type].Options.Batch ?? BatchPolicy.Default))] : null;
    }

    /// <summary>Names in ordinal order.</summary>
    public string[] Types { get; }

    /// <summary>Those whose jobs are run in batches, in the same order; null: none.</summary>
    public BatchType[]? Batches { get; }

    public bool Has(string type) => _byName.ContainsKey(type);

    public bool TryGet(string type, [NotNullWhen(true)] out HandlerEntry? entry) => _byName.TryGetValue(type, out entry);

    public JobTypeInfo[] Describe() => [.. Types.Select(type => _byName[type].Info)];
}
