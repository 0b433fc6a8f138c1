using OrleansJobs.Diagnostics;

namespace OrleansJobs.Topics;

/// <summary>
/// All bindings, once for all partitions of a silo, as their home last told them. Who asks says which version there must be at least; where it is not here yet, what
/// has changed is fetched first.
/// </summary>
internal sealed class BindingCache(Func<IPartitionTopics> home)
{
    private const int PerPage = 2000;

    /// <summary>How often all are read before it is given up, where meanwhile the home moves or more changes than it tells of.</summary>
    private const int MostReadings = 3;

    private readonly Lock _gate = new();
    private TopicTrie<TopicBinding> _tree = new();
    private Dictionary<string, TopicBinding> _bindings = new(StringComparer.Ordinal);
    private Task? _reading;
    private BindingsVersion _version;

    /// <summary>The newest that was asked for.</summary>
    private BindingsVersion _wanted;

    /// <summary>The bindings that a key fits, in the order of their names, and the version that they are of.</summary>
    /// <param name="wanted">All changes up to it count.</param>
    /// <exception cref="TimeoutException">Their home does not know so late a version: it does not know yet that it is over.</exception>
    public async ValueTask<(List<TopicBinding> Found, BindingsVersion Version)> MatchAsync(string key, BindingsVersion wanted)
    {
        for (var asked = 0; ; asked++)
        {
            Task reading;
            lock (_gate)
            {
                if (_version.Covers(wanted) || (Sabotage.IsOff(Safeguard.KnownBindings) && _version.Number > 0))
                {
                    var found = _tree.Match(key);
                    found.Sort(static (one, other) => string.CompareOrdinal(one.Id, other.Id));
                    return (found, _version);
                }

                // What is under way may have been asked for before the version came to be: whoever waits looks again, and once more is enough.
                if (asked == 2) throw new TimeoutException("The home of the bindings does not know the version that this partition was told of.");
                if (!_wanted.Covers(wanted)) _wanted = wanted;
                reading = _reading ??= Task.Run(ReadAsync);
            }

            await reading;
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            BindingsVersion known, wanted;
            lock (_gate) (known, wanted) = (_version, _wanted);
            var changes = await home().ReadBindingChanges(known, wanted);
            if (changes.HasGap) await ReadAllAsync(wanted);
            else Take(changes);
        }
        finally
        {
            lock (_gate) _reading = null;
        }
    }

    private async Task ReadAllAsync(BindingsVersion wanted)
    {
        for (var reading = 0; reading < MostReadings; reading++)
        {
            if (await TryReadAllAsync(wanted)) return;
        }

        throw new TimeoutException("The bindings change faster than they can be read.");
    }

    /// <summary>Page by page, and then what has changed since the first: what a page shows as it was before or after is made the same by that.</summary>
    private async Task<bool> TryReadAllAsync(BindingsVersion wanted)
    {
        var all = new Dictionary<string, TopicBinding>(StringComparer.Ordinal);
        BindingsVersion? version = null;
        BindingPage page;
        var after = "";
        do
        {
            page = await home().ListBindings(after, PerPage);
            version ??= page.Version;
            // Each says what it knows: pages of two openings are of two lists.
            if (page.Version.Opening != version.Value.Opening) return false;
            foreach (var binding in page.Bindings) all[binding.Id] = binding;
            after = page.Bindings.Length > 0 ? page.Bindings[^1].Id : after;
        }
        while (page.HasMore);
        var since = await home().ReadBindingChanges(version.Value, wanted);
        if (since.HasGap) return false;
        foreach (var change in since.Changes)
        {
            if (change.Binding is { } binding) all[change.Name] = binding;
            else all.Remove(change.Name);
        }

        var tree = new TopicTrie<TopicBinding>();
        foreach (var binding in all.Values) tree.Add(binding.Pattern, binding);
        lock (_gate) (_tree, _bindings, _version) = (tree, all, since.Version);
        return true;
    }

    private void Take(BindingChanges changes)
    {
        lock (_gate)
        {
            foreach (var change in changes.Changes)
            {
                if (_bindings.Remove(change.Name, out var known)) _tree.Remove(known.Pattern, known);
                if (change.Binding is not { } binding) continue;
                _bindings.Add(binding.Id, binding);
                _tree.Add(binding.Pattern, binding);
            }

            _version = changes.Version;
        }
    }
}
