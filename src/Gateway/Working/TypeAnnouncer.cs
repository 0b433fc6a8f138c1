using System.Collections.Concurrent;
using OrleansJobs.Gateway.Grid;

namespace OrleansJobs.Gateway.Working;

/// <summary>Tells the grid what workers say of types, once for as long as they say the same.</summary>
internal sealed class TypeAnnouncer(JobGrid grid, JobTypeCatalogue types, TimeProvider time)
{
    /// <summary>What was said is said again as often, since somebody else may have said otherwise elsewhere.</summary>
    public static readonly TimeSpan SaidFor = TimeSpan.FromMinutes(1);

    private const int MaxSaid = 10_000;

    private readonly ConcurrentDictionary<string, (JobTypeInfo Type, long At)> _said = new(StringComparer.Ordinal);

    /// <returns>What was not taken as it was said.</returns>
    public async Task<string[]> AnnounceAsync(NamedType[] named)
    {
        var news = new List<JobTypeInfo>();
        foreach (var type in named.Where(type => type.IsSaid))
        {
            if (!await WasSaidAsync(type.Info)) news.Add(type.Info);
        }

        var unknown = new List<JobTypeInfo>();
        foreach (var type in named.Where(type => !type.IsSaid))
        {
            if (await types.FindAsync(type.Info.Name) is null) unknown.Add(type.Info);
        }

        var warnings = news.Count > 0 ? await AnnounceAsync([.. news]) : [];
        if (unknown.Count == 0) return warnings;
        var more = await grid.Types.Announce([.. unknown], onlyNew: true);
        types.Renew();
        return [.. warnings, .. more];
    }

    public async Task<string[]> AnnounceAsync(JobTypeInfo[] said)
    {
        var warnings = await grid.Types.Announce(said, onlyNew: false);
        types.Renew();
        if (_said.Count > MaxSaid) _said.Clear();
        // Who was warned is warned again.
        if (warnings.Length == 0)
        {
            foreach (var type in said) _said[type.Name] = (type, time.GetTimestamp());
        }

        return warnings;
    }

    /// <summary>It was said here a moment ago, and nobody has said otherwise elsewhere since, as far as is known here.</summary>
    private async ValueTask<bool> WasSaidAsync(JobTypeInfo type) =>
        _said.TryGetValue(type.Name, out var said) && said.Type == type && time.GetElapsedTime(said.At) < SaidFor
        && (await types.AllAsync()).FirstOrDefault(known => known.Info.Name == type.Name) is { } known && known.Info with { Silos = 0 } == type with { Silos = 0 };
}
