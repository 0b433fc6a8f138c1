using OrleansJobs.Hosting;
using OrleansJobs.Partitions;
using OrleansJobs.Storage;

namespace OrleansJobs.Topics;

/// <summary>
/// Bindings, in the partition that is their home; and in each partition, without which version of them it publishes nothing.
/// </summary>
internal sealed class BindingBook
{
    /// <summary>The newest changes, for those who know all before.</summary>
    private const int MostChanges = 4096;

    private readonly SortedDictionary<string, (RowEntry Row, TopicBinding Binding)> _bindings = new(StringComparer.Ordinal);
    private readonly Queue<BindingChange> _changes = [];
    private readonly PendingChanges _pending;
    private readonly TopicOptions _options;
    private readonly RowEntry _known;
    private readonly bool _isHome;
    private long _bytes;

    public BindingBook(int partition, PartitionOpening opening, JobGridOptions options, PendingChanges pending)
    {
        (_options, _pending) = (options.Topics, pending);
        foreach (var (id, row) in opening.Rows(GridLayout.Topics.Bindings))
        {
            var binding = BindingRecord.Decode(id, row);
            _bindings.Add(id, (new RowEntry(GridLayout.Topics.Bindings, id, row), binding));
            _bytes += SizeOf(binding);
        }

        var known = opening.Rows(GridLayout.Topics.Versions).FirstOrDefault(row => row.Key == TopicTables.Known).Value;
        _known = new RowEntry(GridLayout.Topics.Versions, TopicTables.Known, known);
        Known = known is null ? default : BindingRecord.DecodeVersion(known);
        _isHome = partition == TopicHome.Of(options.Partitions);
        // What is said from here on is said by this opening: it may know less than the one before had acknowledged.
        if (_isHome) Known = Known with { Opening = opening.Generation };
        FirstChange = Known.Number;
    }

    /// <summary>No event is published here without the bindings of this version; at home, that of the last change.</summary>
    public BindingsVersion Known { get; private set; }

    /// <summary>Changes behind this number are known.</summary>
    public long FirstChange { get; private set; }

    public bool IsFullFor(TopicBinding binding)
    {
        var had = _bindings.TryGetValue(binding.Id, out var known);
        return (!had && _bindings.Count >= _options.MaxBindings) || _bytes + SizeOf(binding) - (had ? SizeOf(known.Binding) : 0) > _options.MaxBindingBytes;
    }

    public TopicBinding? Find(string id) => _bindings.TryGetValue(id, out var known) ? known.Binding : null;

    /// <summary>Puts a binding, in place of the one of its name.</summary>
    public TopicBinding Put(TopicBinding binding, long now)
    {
        using var together = _pending.Together();
        var version = Next(now);
        binding = binding with { Version = version };
        var row = new RowEntry(GridLayout.Topics.Bindings, binding.Id);
        if (_bindings.TryGetValue(binding.Id, out var known)) (row, _bytes) = (known.Row, _bytes - SizeOf(known.Binding));
        _bytes += SizeOf(binding);
        _bindings[binding.Id] = (row, binding);
        _pending.Mark(row.Set(BindingRecord.Encode(binding)));
        Changed(new(version, binding.Id, binding));
        return binding;
    }

    /// <returns>False where there is none.</returns>
    public bool Delete(string id, long now)
    {
        if (!_bindings.Remove(id, out var known)) return false;
        using var together = _pending.Together();
        _bytes -= SizeOf(known.Binding);
        _pending.Mark(known.Row.Set(null));
        Changed(new(Next(now), id, null));
        return true;
    }

    /// <summary>The bindings of a version are to be known from now on. At home: it counts on from there, as the store has lost what was told of it.</summary>
    public void Know(BindingsVersion version)
    {
        if (Known.Covers(version)) return;
        if (_isHome && version.Opening != Known.Opening) throw new InvalidOperationException($"An opening before {version.Opening} is the home of bindings no more.");
        // Where there have never been any, that there are none need not be stored.
        if (version.Number == 0 && Known.Number == 0) return;
        Known = version;
        Confirm();
    }

    /// <summary>Stores again what is known, which an activation that has been succeeded cannot.</summary>
    public void Confirm() => _pending.Mark(_known.Set(BindingRecord.Encode(Known)));

    public BindingPage Page(string after, int limit)
    {
        // Names are in order and few are asked for behind one: bindings are listed seldom, and looked up by their names or by the tree.
        var found = _bindings.Values.Select(known => known.Binding).SkipWhile(binding => string.CompareOrdinal(binding.Id, after) <= 0).Take(limit + 1).ToArray();
        return new(Known, found.Length > limit ? found[..limit] : found, found.Length > limit);
    }

    public BindingChanges ChangesAfter(BindingsVersion version) => version.Opening != Known.Opening || version.Number < FirstChange
        ? new(Known, [], HasGap: true)
        : new(Known, [.. _changes.Where(change => change.Version > version.Number)], HasGap: false);

    /// <summary>Above all that there has been, here and, should the store be emptied, elsewhere.</summary>
    private long Next(long now) => Math.Max(Known.Number + 1, now << 10);

    private void Changed(BindingChange change)
    {
        Know(Known with { Number = change.Version });
        _changes.Enqueue(change);
        if (_changes.Count > MostChanges) FirstChange = _changes.Dequeue().Version;
    }

    private static long SizeOf(TopicBinding binding) => binding.Id.Length + binding.Pattern.Length + binding.Type.Length + (binding.Queue?.Length ?? 0) + (binding.Args?.Length ?? 0);
}
