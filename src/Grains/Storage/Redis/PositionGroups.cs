using System.Runtime.InteropServices;

namespace OrleansJobs.Storage;

/// <summary>
/// Positions of a list gathered by key, keys in order of first appearance, positions in their own. Made to be used again: once it has grown,
/// gathering allocates nothing.
/// </summary>
internal sealed class PositionGroups<TKey>
    where TKey : notnull, IEquatable<TKey>
{
    private readonly List<Group> _groups = [];
    private readonly Dictionary<TKey, int> _byKey = [];
    private readonly List<int> _next = [];
    private int _current;

    public int Count => _groups.Count;

    public ref readonly Group this[int group] => ref CollectionsMarshal.AsSpan(_groups)[group];

    public void Clear()
    {
        _groups.Clear();
        _byKey.Clear();
        _next.Clear();
    }

    /// <summary>Adds the next position.</summary>
    public void Add(TKey key)
    {
        var position = _next.Count;
        _next.Add(-1);

        // Jobs of a kind mostly come in a row.
        if (_groups.Count == 0 || !_groups[_current].Key.Equals(key))
        {
            ref var index = ref CollectionsMarshal.GetValueRefOrAddDefault(_byKey, key, out var known);
            if (!known)
            {
                index = _groups.Count;
                _groups.Add(new() { Key = key, First = position, Last = position, Size = 1 });
                _current = index;
                return;
            }

            _current = index;
        }

        ref var group = ref CollectionsMarshal.AsSpan(_groups)[_current];
        _next[group.Last] = position;
        group.Last = position;
        group.Size++;
    }

    /// <summary>The position behind another in its group; -1 behind the last.</summary>
    public int Next(int position) => _next[position];

    public struct Group
    {
        public TKey Key;
        public int First;
        public int Last;
        public int Size;
    }
}
