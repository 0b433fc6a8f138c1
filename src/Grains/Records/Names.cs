using System.Collections.Concurrent;

namespace OrleansJobs.Records;

/// <summary>
/// One string for each name of a queue or type, however many records it stands in. Bounded: names are anybody's to make up, and those that
/// nobody uses any more go with the rest when there are too many.
/// </summary>
internal static class Names
{
    public const int MaxKept = 10_000;

    private static ConcurrentDictionary<string, string> _known = new(StringComparer.Ordinal);
    private static int _count;

    public static string Same(string name)
    {
        if (_known.TryGetValue(name, out var known)) return known;
        if (Interlocked.Increment(ref _count) > MaxKept)
        {
            _known = new(StringComparer.Ordinal);
            _count = 0;
        }

        return _known.GetOrAdd(name, name);
    }
}
