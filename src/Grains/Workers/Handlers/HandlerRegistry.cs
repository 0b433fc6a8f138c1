using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace OrleansJobs.Workers;

/// <summary>The handlers of this silo by the name of their job type. Does not change while the silo runs.</summary>
internal sealed class HandlerRegistry
{
    private readonly FrozenDictionary<string, HandlerEntry> _byName;

    public HandlerRegistry(IEnumerable<HandlerEntry> entries)
    {
        _byName = entries.ToFrozenDictionary(entry => entry.Name, StringComparer.Ordinal);
        Types = [.. _byName.Keys.Order(StringComparer.Ordinal)];
    }

    /// <summary>Names in ordinal order.</summary>
    public string[] Types { get; }

    public bool Has(string type) => _byName.ContainsKey(type);

    public bool TryGet(string type, [NotNullWhen(true)] out HandlerEntry? entry) => _byName.TryGetValue(type, out entry);

    public JobTypeInfo[] Describe() => [.. Types.Select(type => _byName[type].Info)];
}
