using System.Collections;

namespace OrleansJobs.Trials;

/// <summary>Silos, by address, whose loss a convicted job explains; so many of the newest. Not thread-safe.</summary>
internal sealed class ExplainedCrashes : IEnumerable<string>
{
    /// <summary>A crash beyond these was so long ago that hardly a job still carries it.</summary>
    public const int Most = 1000;

    private readonly HashSet<string> _silos = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    public bool Contains(string silo) => _silos.Contains(silo);

    /// <returns>Whether any of them is news.</returns>
    public bool Add(IEnumerable<string> silos)
    {
        var news = false;
        foreach (var silo in silos)
        {
            if (!_silos.Add(silo)) continue;
            news = true;
            _order.Enqueue(silo);
            if (_order.Count > Most) _silos.Remove(_order.Dequeue());
        }

        return news;
    }

    public IEnumerator<string> GetEnumerator() => _order.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
