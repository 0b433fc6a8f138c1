namespace OrleansJobs.Partitions;

/// <summary>An item that knows where in its heap it stands, so that it can be moved or taken out without a search.</summary>
internal interface IHeapItem
{
    /// <summary>Its place; -1 outside of any heap. Set by the heap alone.</summary>
    int HeapIndex { get; set; }
}

/// <summary>
/// A binary heap whose items may change their order while they stand in it: whoever changes one says so. An item stands in one heap at a time.
/// Nothing is allocated once it has grown.
/// </summary>
/// <param name="isAhead">Whether the first goes before the second; a strict order.</param>
internal sealed class IndexedHeap<T>(Func<T, T, bool> isAhead) where T : class, IHeapItem
{
    private readonly List<T> _items = [];

    public int Count => _items.Count;

    public T? First => _items.Count > 0 ? _items[0] : null;

    public bool Contains(T item) => item.HeapIndex >= 0 && item.HeapIndex < _items.Count && ReferenceEquals(_items[item.HeapIndex], item);

    public void Add(T item)
    {
        item.HeapIndex = _items.Count;
        _items.Add(item);
        Rise(item);
    }

    /// <summary>The item's order has changed.</summary>
    public void Update(T item)
    {
        Rise(item);
        Sink(item);
    }

    public void Remove(T item)
    {
        var last = _items[^1];
        var index = item.HeapIndex;
        _items.RemoveAt(_items.Count - 1);
        item.HeapIndex = -1;
        if (ReferenceEquals(last, item)) return;
        Place(last, index);
        Update(last);
    }

    /// <summary>The first item in order that is accepted. Costs by the items that are not, in order before it.</summary>
    public T? FirstWhere(Func<T, bool> accept)
    {
        if (_items.Count == 0) return null;
        if (accept(_items[0])) return _items[0];
        // What stands below a refused one may come before what stands beside it: the front of the search is kept in order.
        var front = new PriorityQueue<int, T>(Comparer<T>.Create((x, y) => ReferenceEquals(x, y) ? 0 : isAhead(x, y) ? -1 : 1));
        Open(0);
        while (front.TryDequeue(out var index, out var item))
        {
            if (accept(item)) return item;
            Open(index);
        }

        return null;

        void Open(int parent)
        {
            for (var child = 2 * parent + 1; child <= 2 * parent + 2 && child < _items.Count; child++) front.Enqueue(child, _items[child]);
        }
    }

    /// <summary>All items, in no order.</summary>
    public IReadOnlyList<T> Items => _items;

    private void Rise(T item)
    {
        while (item.HeapIndex > 0)
        {
            var parent = _items[(item.HeapIndex - 1) / 2];
            if (!isAhead(item, parent)) return;
            Swap(item, parent);
        }
    }

    private void Sink(T item)
    {
        while (true)
        {
            var left = 2 * item.HeapIndex + 1;
            if (left >= _items.Count) return;
            var child = _items[left];
            if (left + 1 < _items.Count && isAhead(_items[left + 1], child)) child = _items[left + 1];
            if (!isAhead(child, item)) return;
            Swap(item, child);
        }
    }

    private void Swap(T one, T other)
    {
        var index = one.HeapIndex;
        Place(one, other.HeapIndex);
        Place(other, index);
    }

    private void Place(T item, int index)
    {
        _items[index] = item;
        item.HeapIndex = index;
    }
}
